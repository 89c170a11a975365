"""The keys that each entry point reads from its configuration, and their types."""

import copy
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict, get_type_hints, is_typeddict

from omegaconf import DictConfig, OmegaConf

from genzoo.core.errors import GenzooError, listed
from genzoo.core.kinds import misfit
from genzoo.runs.conf import option_files
from genzoo.runs.keys import unknown
from genzoo.runs.overrides import parsed

log = logging.getLogger("genzoo")


class Paths(TypedDict):
    """Folders."""

    data: str
    runs: str


class Trainer(TypedDict):
    """Settings of the training loop."""

    rounds: int
    width: str
    marks: list[str]
    accelerator: str
    devices: int | str | list[int]
    strategy: str
    precision: str | int
    gradient_clip: float | None
    accumulate: int
    limit_time: object  # checked by TimeLimit
    options: dict[str, Any]


class Switches(TypedDict):
    """Keys of every entry point."""

    paths: Paths
    debug: bool


class Training(Switches):
    """conf/train.yaml."""

    data: dict[str, Any]
    model: dict[str, Any]
    recipe: dict[str, Any]
    metrics: dict[str, Any]
    callbacks: dict[str, Any]
    logger: dict[str, Any]
    trainer: Trainer
    seed: int
    resume: str | None
    init: str | None
    init_strict: bool
    deterministic: bool
    channels_last: bool
    global_batch_norm: bool
    compile: bool
    trust: list[str]


class Evaluation(Switches):
    """conf/evaluate.yaml."""

    ckpt: str | list[str]
    split: str
    device: str
    data: "EvaluationData"
    metrics: dict[str, Any]
    trust: list[str]


class EvaluationData(TypedDict):
    """Data settings of an evaluation."""

    root: str | None


class Sampling(Switches):
    """conf/sample.yaml."""

    ckpt: str
    out: str
    n: int
    label: int | None
    caption: str | None
    seed: int
    temperature: float | None
    format: str | None
    grid: bool
    batch_size: int | None
    device: str
    trust: list[str]


class Editing(Switches):
    """conf/edit.yaml."""

    ckpt: str
    image: str
    strokes: str
    out: str
    search: "EditSearch"
    edit: "EditSteps"
    frames: int
    seed: int
    device: str
    trust: list[str]


class Exploring(Switches):
    """conf/explore.yaml."""

    ckpt: str | list[str] | None
    port: int | None
    browser: bool
    data: "EvaluationData"
    device: str
    trust: list[str]


class Lesson(Switches):
    """conf/lesson.yaml."""

    models: dict[str, Any]
    port: int | None
    browser: bool


class EditSearch(TypedDict):
    """Settings of the search for a picture's own code."""

    steps: int
    restarts: int


class EditSteps(TypedDict):
    """Settings of the search for codes near it."""

    candidates: int
    steps: int
    lr: float
    noise: float
    smoothness: float


class Export(Switches):
    """conf/export.yaml."""

    ckpt: str
    to: str
    out: str
    part: str | list[str] | None
    repo: str | None
    private: bool
    trust: list[str]


class Demonstrate(Switches):
    """conf/demonstrate.yaml."""

    data: dict[str, Any]
    expert: str
    trajectories: int
    deterministic: bool
    seed: int
    to: str


class Report(Switches):
    """conf/report.yaml."""

    publish: str | list[str] | None
    results: str
    table_files: str | None
    page: str
    papers: dict[str, str]
    left_out: list[str]


class Curves(Switches):
    """conf/curves.yaml."""

    runs: dict[str, Any]
    metric: str
    level: float | None
    within: int | None
    picture: str


class Gallery(Switches):
    """conf/gallery.yaml."""

    runs: str | list[str]
    out: str
    live: bool
    seconds: int


OPTIONAL = ("experiment", "hydra", "width", "shape", "target_shape")  # further optional keys
UNREAD = "nothing reads this key"
RECIPE = ("name", "rounds", "batch_size")  # keys read from every recipe


def check_keys(cfg: DictConfig, schema: type, overrides: Iterable[str] = (), why: str = UNREAD) -> None:
    """Refuses unknown keys, missing keys, and values of the wrong type.

    Args:
        cfg: the composed configuration; interpolations are resolved.
        schema: a TypedDict of this module.
        overrides: overrides of the command line; keys that they add to open groups must be used, too.
        why: reason for refusing an unknown key.

    Raises:
        GenzooError: the message names the first wrong key.
    """
    referred = _referred(cfg)
    hints = get_type_hints(schema)
    for key in cfg:
        if key not in (*hints, *OPTIONAL) and not any(re.fullmatch(rf"{one}(\..*)?", str(key)) for one in referred):
            raise GenzooError(unknown(str(key), (*hints, *OPTIONAL), why))
    for override in parsed(list(overrides)):
        key = override.key_or_group
        if (override.is_add() or override.is_force_add()) and not override.is_delete():
            _check_read(key, cfg, referred)
    _check(cfg, schema, "", why)


def check_values(config: Any, key: str = "") -> None:
    """Refuses empty strings, which could select a default by accident.

    Args:
        config: plain containers.
        key: their key in the configuration.

    Raises:
        GenzooError: the message names the first one.
    """
    items = config.items() if isinstance(config, Mapping) else enumerate(config) if isinstance(config, list) else ()
    for name, value in items:
        if name != "experiment":  # units of published numbers may be empty
            check_values(value, f"{key}.{name}" if key else str(name))
    if isinstance(config, str) and not config.strip():
        raise GenzooError(f"{key}=: the value is empty (a variable that is not set?); give one, or leave {key} out.")


def _check(cfg: DictConfig, schema: type, prefix: str, why: str) -> None:
    """Checks keys and values of one mapping."""
    hints = get_type_hints(schema)
    for name, kind in hints.items():
        key = f"{prefix}{name}"
        if OmegaConf.is_missing(cfg, name):
            continue  # resolving the configuration raises this error later
        if name not in cfg:
            raise GenzooError(f"{key}: it is missing; {_options(key)}.")
        value = cfg[name]
        if isinstance(value, DictConfig) and is_typeddict(kind):
            for inner in value:
                if inner not in get_type_hints(kind):
                    keys = [f"{key}.{one}" for one in get_type_hints(kind)]
                    raise GenzooError(unknown(f"{key}.{inner}", keys, why))
            _check(value, kind, f"{key}.", why)
        elif message := misfit(key, OmegaConf.to_container(value) if OmegaConf.is_config(value) else value, kind):
            raise GenzooError(message)


def _options(group: str) -> str:
    """Returns advice for a missing group or key."""
    names = list(option_files(group))
    return f"choose one of: {listed(names)}" if names else f"leave ~{group} out"


def _referred(cfg: DictConfig) -> set[str]:
    """Returns patterns of the keys that interpolations refer to."""
    text = OmegaConf.to_yaml(OmegaConf.masked_copy(cfg, [key for key in cfg if key != "width"]), resolve=False)
    while (inner := re.sub(r"(\$\{[^{}]*)\$\{[^{}]*\}", r"\1*", text)) != text:
        text = inner
    found = re.findall(r"\$\{(?:[\w.]+:)?([\w.*]+)", text)
    found = [re.sub(r"^width\.", "recipe.*.", one) for one in found]  # width stands for keys of the recipe
    return {re.escape(one).replace(r"\*", r"[^.]*") for one in found}


def _check_read(key: str, cfg: DictConfig, referred: set[str]) -> None:
    """Refuses an added key that no constructor receives."""
    group, _, rest = key.partition(".")
    if (
        not rest
        or group in ("hydra", "trainer", "paths")
        or any(re.fullmatch(rf"{one}(\..*)?", key) for one in referred)
    ):
        return  # top-level keys and closed mappings are checked elsewhere
    entry = cfg.get(group, {}).get(rest.split(".")[0])
    if group in ("metrics", "callbacks", "logger"):
        if isinstance(entry, DictConfig) and "_target_" not in entry:
            name = f"{group}.{rest.split('.')[0]}"
            raise GenzooError(unknown(name, [f"{group}.{one}" for one in cfg[group]], f"it has no {name}._target_"))
        read = isinstance(entry, DictConfig) or entry is None
    else:
        read = group in ("model", "data") or (group == "recipe" and rest in RECIPE)
    if not read:
        raise GenzooError(unknown(key, [f"{group}.{one}" for one in cfg[group]], UNREAD))


def of_chosen_metrics(cfg: DictConfig) -> DictConfig:
    """Returns a copy without an experiment's settings for metrics that are not chosen (metrics=none); logs them."""
    cfg = copy.deepcopy(cfg)
    OmegaConf.set_struct(cfg, False)
    for name, one in list(cfg.metrics.items_ex(resolve=False)):
        if isinstance(one, DictConfig) and "_target_" not in one:
            del cfg.metrics[name]
            log.info(f"metrics.{name} is not chosen: its settings are not used")
    return cfg
