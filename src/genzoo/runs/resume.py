"""Going on with a run: its own configuration wins."""

import logging
import math
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from genzoo.core.checkpoints import load_checkpoint
from genzoo.core.errors import GenzooError
from genzoo.core.files import atomic_write, read_json
from genzoo.core.registry import check_targets
from genzoo.runs.csv_logger import FILE
from genzoo.runs.folders import VARIABLE
from genzoo.runs.found import find_checkpoint, newest_checkpoint
from genzoo.runs.logs import drop_after
from genzoo.runs.strangers import MACHINE, check_shown, check_trainer

log = logging.getLogger("genzoo")

# What the checkpoint's configuration decides.
EXPERIMENT = (
    "seed",
    "recipe",
    "model",
    "data",
    "trainer",
    "channels_last",
    "global_batch_norm",
    "compile",
    "deterministic",
    "experiment",
)
# How it is shown and measured: the run's own, unless the group is named on the command line.
SHOWN = ("metrics", "callbacks", "logger")
# What may differ when a run goes on: where things lie, how it is shown, on which device.
FREE = (
    "resume",
    "debug",
    "trust",
    "paths",
    *SHOWN,
    "hydra",
    "data.root",
    "trainer.accelerator",
    *(f"trainer.{key}" for key in MACHINE),
)


def adopt(
    cfg: DictConfig, overrides: Iterable[str], choices: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], Path]:
    """The configuration of the run that ``cfg.resume`` means.

    Args:
        cfg: as composed now.
        overrides: of the command line.
        choices: group -> chosen option now.

    Returns:
        The resolved configuration, the run's own but for what may differ; its checkpoint; the checkpoint's file.

    Raises:
        GenzooError: there is no such run, its checkpoint is damaged or forbidden, an override would change it.
    """
    path = _find(cfg.resume, Path(cfg.paths.runs))
    checkpoint = load_checkpoint(path)
    stored = checkpoint["genzoo"]
    check_overrides(overrides, cfg, choices, stored)

    now = OmegaConf.to_container(cfg, resolve=True)
    given = {override.key_or_group for override in OverridesParser.create().parse_overrides(list(overrides))}
    own = {key: value for key, value in stored["config"].items() if key in EXPERIMENT}
    groups = {name.split(".")[0] for name in given}
    shown = {key: value for key, value in stored.get("shown", {}).items() if key in SHOWN and key not in groups}
    check_targets(shown)
    shown = check_shown(shown)
    own["trainer"] = check_trainer(own["trainer"], now["trainer"], given)
    config = {key: value for key, value in now.items() if key not in EXPERIMENT} | own | shown
    config["data"] = relocate(stored["config"], now, now["data"].get("root") if "data.root" in given else None)
    if "trainer.accelerator" in given:
        config["trainer"]["accelerator"] = now["trainer"]["accelerator"]
    return config, checkpoint, path


def _find(given: str, runs: Path) -> Path:
    """The checkpoint that ``resume`` means: ``last`` = the newest last one."""
    if given != "last":
        return find_checkpoint(given, "resume")
    if shared := os.environ.get(VARIABLE):  # what the first process of this run found
        return Path(shared) / "last.ckpt"
    return newest_checkpoint(runs, "resume")


def finished(run: Path, checkpoint: Mapping[str, Any]) -> dict[str, Any] | None:
    """The ``metrics.json`` of a run that has played all of its rounds and measured the result; else None.

    Args:
        run: its folder.
        checkpoint: that it would go on from.
    """
    try:
        report = read_json(run / "metrics.json")
        rounds = checkpoint["progress"]["rounds"], checkpoint["genzoo"]["config"]["trainer"]["rounds"]
        same = (report["rounds"], report["of_rounds"]) == rounds and isinstance(report["metrics"], dict)
        return report if same and rounds[0] == rounds[1] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def rewind(run: Path, path: Path, progress: Mapping[str, int]) -> None:
    """Makes the run folder what it was when a checkpoint was written.

    If the checkpoint is not the last one, later ones, ``metrics.json`` and the CSV as it was are kept in
    ``abandoned/<n>``. What was logged after the checkpoint, and files that a kill left half written, are removed.

    Args:
        run: its folder.
        path: of the checkpoint; it becomes ``last.ckpt``.
        progress: rounds and images of the checkpoint.

    Raises:
        GenzooError: a file cannot be written.
    """
    for partial in run.rglob(".*.partial"):
        if "evaluation" not in partial.relative_to(run).parts:  # which another process may be writing
            partial.unlink(missing_ok=True)
    last = run / "last.ckpt"
    if not (last.exists() and path.samefile(last)):
        kept = _set_later_aside(run, path, progress["rounds"])
        _copy(path, last)
        log.info(f"going back to round {progress['rounds']}; what is of later rounds is kept in {kept}")
    drop_after(run, progress["seen"])


def _set_later_aside(run: Path, path: Path, rounds: int) -> Path:
    """Returns the folder in which it lies."""
    numbers = [int(folder.name) for folder in (run / "abandoned").glob("*") if folder.name.isdigit()]
    folder = run / "abandoned" / str(max(numbers, default=0) + 1)
    for name in ("last.ckpt", "metrics.json", str(FILE)):
        if (run / name).exists():
            # Not under its own name: a last.ckpt would be taken for another run.
            _copy(run / name, folder / Path(name).name.replace("last.ckpt", "end.ckpt"))
    (run / "metrics.json").unlink(missing_ok=True)
    for other in (*run.glob("*.ckpt"), *run.glob("checkpoints/*.ckpt")):
        if other != run / "last.ckpt" and not other.samefile(path) and _rounds_of(other) > rounds:
            os.replace(other, folder / other.name)
    return folder


def _rounds_of(path: Path) -> float:
    """Rounds played when a checkpoint was written; infinite for a damaged one."""
    if number := re.fullmatch(r"round-(\d+)", path.stem):
        return int(number[1])
    try:
        return load_checkpoint(path)["progress"]["rounds"]
    except (GenzooError, KeyError):
        return math.inf


def _copy(source: Path, to: Path) -> None:
    with atomic_write(to) as partial:
        shutil.copyfile(source, partial)


def check_overrides(
    overrides: Iterable[str], current: DictConfig, choices: Mapping[str, Any], stored: Mapping[str, Any]
) -> None:
    """Refuses, by name, overrides that would change the experiment.

    Args:
        overrides: as on the command line.
        current: the configuration they compose to.
        choices: group -> chosen option now.
        stored: what the checkpoint holds: ``config`` and ``choices``.
    """
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        key = override.key_or_group.replace("/", ".")
        if any(key == free or key.startswith(f"{free}.") for free in FREE):
            continue
        if override.key_or_group in choices:
            now, then = choices[override.key_or_group], stored["choices"].get(override.key_or_group)
        else:
            now = OmegaConf.select(current, key)
            now = OmegaConf.to_container(now, resolve=True) if OmegaConf.is_config(now) else now
            then = OmegaConf.select(OmegaConf.create(stored["config"]), key)
            then = OmegaConf.to_container(then) if OmegaConf.is_config(then) else then
        if now != then:
            raise GenzooError(
                f"resume: {override.input_line} would change the experiment (the run has {key}={then}); "
                "leave it out, or start a new run without resume."
            )


def relocate(stored: Mapping[str, Any], current: Mapping[str, Any], root: str | None) -> dict[str, Any]:
    """The stored data configuration, with its root where this machine keeps data.

    Args:
        stored: resolved configuration in the checkpoint.
        current: resolved configuration of now.
        root: the root that the user gave now, or None.
    """
    data = dict(stored["data"])
    if "root" in data:
        standard = data["root"] == stored["paths"]["data"]
        data["root"] = root or (current["paths"]["data"] if standard else data["root"])
        if not (root or standard) and "offline" in data:
            data["offline"] = True  # nothing is downloaded to a place that a file names
    return data
