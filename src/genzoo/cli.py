"""What the entries share: every mistake of the user becomes one line."""

import errno
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)


def entry(main: Callable[[], Any]) -> None:
    """Runs a ``@hydra.main`` function: mistakes in the configuration end with one line and status 2.

    ``debug=true`` shows the traceback; an interruption ends with status 130.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra would print its own, longer story
    if any(argument.lstrip("+").lower() in ("debug=true", "debug=1") for argument in sys.argv[1:]):
        main()
        return
    try:
        main()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        _fail_if_a_mistake(error)
        raise


def job(task: Callable[[Any], Any], cfg: Any) -> None:
    """Runs a task: the user's mistakes end with one line and status 2 (in a sweep, they fail this job only)."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    try:
        task(cfg)
    except Exception as error:
        if not cfg.debug and HydraConfig.get().mode == RunMode.RUN:
            _fail_if_a_mistake(error)
        raise


def _fail_if_a_mistake(error: Exception) -> None:
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from genzoo.core.errors import GenzooError

    status = 2
    if isinstance(error, GenzooError):
        message, status = str(error), error.status
    elif isinstance(error, HydraException | OmegaConfBaseException):
        script = Path(sys.argv[0]).resolve()
        message = explain(error, script.parent / "conf", script.stem)
    elif isinstance(error, OSError) and error.errno in DISK:
        message = (
            f"{error.filename or 'a file'} could not be written ({error.strerror}). Free some space or choose another "
            "folder with paths.runs=..., then go on with resume=<run folder>."
        )
    else:
        return
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(status)


def explain(error: Exception, conf: Path, name: str) -> str:
    """What Hydra or OmegaConf found wrong, with near matches.

    Args:
        error: theirs.
        conf: the folder of configurations.
        name: of the primary one.
    """
    from hydra.errors import MissingConfigException, OverrideParseException
    from omegaconf import OmegaConf
    from omegaconf.errors import InterpolationKeyError, MissingMandatoryValue

    from genzoo.core.errors import near

    message = str(error)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, option = str(error.missing_cfg_file).rpartition("/")
        return f"{group}={option}: unknown. {near(option, error.options or [])}"
    if found := re.search(r"Could not override '([^']+)'", message):
        key = found[1].split("@")[0]
        return f"{key}: there is no such key in the configuration. {near(key, _keys(conf, name))}"
    if isinstance(error, MissingMandatoryValue) and (found := re.search(r"full_key: (\S+)", message)):
        return f"{found[1]}: a value is needed; give {found[1]}=... on the command line."
    if isinstance(error, InterpolationKeyError) and (found := re.search(r"'(data\.\S+)' not found", message)):
        return (
            f"{found[1]}: the model needs to know it, but the chosen data have no such thing; give a model of images "
            "images (data=mnist ...) and a model that acts an environment (data=cartpole ...)."
        )
    if isinstance(error, InterpolationKeyError) and (found := re.search(r"'(\S+)\.(\w+)_(\w+)' not found", message)):
        group, fact, value = found.groups()  # what is chosen by a fact of the data, as recipe.likelihoods.levels_16
        choices = OmegaConf.select(error.parent_node._get_root(), group) or {}
        if accepted := [name.removeprefix(f"{fact}_") for name in choices if name.startswith(f"{fact}_")]:
            return f"data.{fact}={value}: {group} has none for it. Accepted: {', '.join(accepted)}; choose other data."
    if isinstance(error, OverrideParseException):
        return f"{error.override}: this is not an override; write key=value, with quotes around special characters."
    return message.splitlines()[0]


def _keys(conf: Path, name: str) -> list[str]:
    """All keys and groups that an override may name."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from omegaconf import DictConfig

    def walk(node: Any, prefix: str = "") -> list[str]:
        keys = []
        for key in node:
            keys.append(f"{prefix}{key}")
            if isinstance(child := node._get_node(key), DictConfig) and not child._is_none():
                keys += walk(child, f"{prefix}{key}.")
        return keys

    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf), version_base="1.3"):
        return walk(compose(name)) + [folder.name for folder in conf.iterdir() if folder.is_dir()]
