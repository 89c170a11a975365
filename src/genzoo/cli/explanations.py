"""Explains errors of Hydra and OmegaConf in one line."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError, MissingMandatoryValue

from genzoo.cli.command_line import chosen_options
from genzoo.core.errors import near
from genzoo.runs.keys import unknown
from genzoo.runs.meanings import GONE, OPTIONS


def explain(error: Exception, conf: Path, name: str, arguments: Sequence[str]) -> str:
    """Returns the message for an error, with similar names.

    Args:
        error: the error of Hydra or OmegaConf.
        conf: the folder of configurations.
        name: name of the primary configuration.
        arguments: arguments of the command line.
    """
    message = str(error)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return _no_such_option(str(error.missing_cfg_file), error.options or [], conf)
    if found := re.search(r"Could not (?:override|delete from config\.) '([^']+)'", message):
        return _no_such_key(found[1].split("@")[0], conf, name, arguments)
    if isinstance(error, OverrideParseException):
        return f"{error.override}: this is not an override; write key=value, with quotes around special characters."
    if found := re.match(r"Ambiguous value for argument '([^=]+)=(.*)'", message):
        key, values = found.groups()
        return f"{key}={values}: several values; add -m for one run each, or write {key}=[{values}] for a list."
    if found := re.match(r"Multiple values for (\S+)\. .*'override \S+: (\S+)'", message):
        return f"+{found[1]}={found[2]}: there is {found[1]} already; leave out the +."
    if found := re.match(r"Could not append to config\. An item is already at '([^']+)'", message):
        return f"+{found[1]}: there is such a key already; leave out the +."
    if (found := re.match(r"Error merging override (.*)", message)) and error.__cause__:
        return f"{found[1]}: {str(error.__cause__).splitlines()[0]}."
    return _wrong_value(error) or " ".join(message.splitlines()[:2])


def _wrong_value(error: Exception) -> str | None:
    """Returns the message for an invalid value or a failed interpolation, or None."""
    message = str(error)
    where = re.search(r"full_key: (\S+)", message)
    if isinstance(error, MissingMandatoryValue) and where:
        return f"{where[1]}: a value is required; give {where[1]}=... on the command line."
    if found := re.search(r"Environment variable '(\w+)' not found", message):
        key = f"{where[1]}: " if where else ""
        return f"{key}the environment variable {found[1]} is not set; set it, or give the value."
    if not (isinstance(error, InterpolationKeyError) and (found := re.search(r"'(\S+)' not found", message))):
        return None
    missing, root = found[1], error.parent_node._get_root() if error.parent_node else OmegaConf.create()
    if missing.startswith("data.") or missing == "shape":
        fact = "data.channels" if missing == "shape" else missing
        return (
            f"{fact}: the model needs to know it, but the chosen data have no such thing; choose data= of its kind: "
            "images (mnist), videos (moving_digits), volumes (solids), tokens (oracle_sentences), showers, tunes, an "
            "environment (cartpole)."
        )
    width = OmegaConf.select(root, "trainer.width", throw_on_missing=False)
    if width is not None and f"{missing}.".startswith(f"recipe.{width}."):
        return f"trainer.width={width}: unknown. {near(width, ('full', 'smoke'))}"
    if found := re.fullmatch(r"(\S+)\.(\w+)_(\w+)", missing):  # chosen by a fact of the data, such as levels_16
        group, fact, value = found.groups()
        choices = OmegaConf.select(root, group) or {}
        if accepted := [name.removeprefix(f"{fact}_") for name in choices if name.startswith(f"{fact}_")]:
            return f"data.{fact}={value}: {group} has none for it. Accepted: {', '.join(accepted)}; choose other data."
    key = where[1] if where else "the configuration"
    return f"{key}: it refers to ${{{missing}}}, but there is no such key; correct it."


def _no_such_option(file: str, options: list[str], conf: Path) -> str:
    """Returns the message for an unknown option of a group, which may be in a subfolder of the group."""
    if not (group := file.partition("/")[0]) or not (conf / group).is_dir():
        return f"--config-name={file.lstrip('/')}: unknown. {near(file, (p.stem for p in conf.glob('*.yaml')))}"
    if group == "hydra":  # the options of Hydra's groups are not in conf
        group, _, option = file.rpartition("/")
        return f"{group}={option}: unknown. {near(option, options)}"
    option = file.removeprefix(f"{group}/")
    if option in GONE:
        return f"{group}={option}: {GONE[option]}."
    names = {*_options(group, conf), *(options if "/" not in option else ())}
    return f"{group}={option}: unknown. {near(option, (n for n in names if not n.startswith('_')), OPTIONS)}"


def _options(group: str, conf: Path) -> list[str]:
    """Returns all options of a group, including those in subfolders."""
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.object_type import ObjectType

    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        folders = loader.get_group_options(group, ObjectType.GROUP)
        nested = [f"{folder}/{one}" for folder in folders for one in loader.get_group_options(f"{group}/{folder}")]
        return [*loader.get_group_options(group), *nested]


def _no_such_key(key: str, conf: Path, name: str, arguments: Sequence[str]) -> str:
    """Returns the message for a key that the chosen options do not have, although others may."""
    if name == "evaluate" and key.partition(".")[0] in _keys(conf, "train", []):
        return f"{key}: an evaluation does not read it, but takes it from the checkpoint; leave it out."
    chosen = chosen_options(arguments, conf)
    keys = _keys(conf, name, chosen)
    if key in keys:  # a mapping is merged into the one that is there, and may not add keys to it
        return (
            f"{key}: the mapping has keys that {key} has not; set {key}.<key>=... and add new ones as +{key}.<key>=..."
        )
    group = key.partition(".")[0]
    of_group = [one for one in chosen if one.startswith(f"{group}=")]
    why = f"there is no such key with {of_group[0]}" if of_group else "there is no such key"
    return unknown(key, keys, why)


def _keys(conf: Path, name: str, chosen: list[str]) -> list[str]:
    """Returns all keys and groups that an override may name, of the chosen options if they can be composed."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    def walk(node: Any, prefix: str = "") -> list[str]:
        keys = []
        for key in node:
            if not key.startswith("_"):
                keys.append(f"{prefix}{key}")
            if isinstance(child := node._get_node(key), DictConfig) and not child._is_none():
                keys += walk(child, f"{prefix}{key}.")
        return keys

    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf), version_base="1.3"):
        try:
            composed = compose(name, chosen)
        except Exception:  # an option from the user's own folder, or another error
            composed = compose(name)
    groups = set() if name != "train" else {folder.name for folder in conf.iterdir() if folder.is_dir()}
    return list(dict.fromkeys([*walk(composed), *groups]))
