"""Resuming a run: its stored configuration takes precedence."""

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
from genzoo.runs.extension import ROUNDS, SCHEDULES, extended, is_extension
from genzoo.runs.folders import VARIABLE
from genzoo.runs.found import find_checkpoint, newest_checkpoint
from genzoo.runs.logs import drop_after
from genzoo.runs.untrusted import MACHINE, check_shown, check_trainer

log = logging.getLogger("genzoo")

# Keys that the checkpoint's configuration determines.
EXPERIMENT = (
    "seed",
    "init",
    "init_strict",
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
# Groups of display and evaluation: the run's own, unless the command line names the group.
SHOWN = ("metrics", "callbacks", "logger")
# Keys that may differ when a run is resumed: paths, display, devices.
FREE = (
    "resume",
    "debug",
    "trust",
    "paths",
    *SHOWN,
    "hydra",
    "data.root",
    "trainer.accelerator",
    "trainer.limit_time",
    *(f"trainer.{key}" for key in MACHINE),
)


def resumed_configuration(
    cfg: DictConfig, overrides: Iterable[str], choices: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], Path]:
    """Returns the configuration of the run that ``cfg.resume`` refers to.

    Args:
        cfg: the current composed configuration.
        overrides: overrides of the command line.
        choices: group -> currently chosen option.

    Returns:
        The resolved configuration (the run's, except for keys that may differ), the checkpoint, and its file.

    Raises:
        GenzooError: there is no such run, its checkpoint is damaged or refused, or an override would change the
            experiment.
    """
    path = _find(cfg.resume, Path(cfg.paths.runs))
    checkpoint = load_checkpoint(path)
    stored = checkpoint["genzoo"]
    check_overrides(overrides, cfg, choices, stored)

    now = OmegaConf.to_container(cfg, resolve=True)
    given = {override.key_or_group for override in OverridesParser.create().parse_overrides(list(overrides))}
    earlier = {"init": None, "init_strict": True}  # older checkpoints lack these keys
    own = earlier | {key: value for key, value in stored["config"].items() if key in EXPERIMENT}
    groups = {name.split(".")[0] for name in given}
    shown = {key: value for key, value in stored.get("shown", {}).items() if key in SHOWN and key not in groups}
    check_targets({key: value for key, value in shown.items() if key != "logger"})
    check_targets(shown.get("logger"), among_loggers=True)
    shown = check_shown(shown)
    own["trainer"] = check_trainer(own["trainer"], now["trainer"], given)
    config = {key: value for key, value in now.items() if key not in EXPERIMENT} | own | shown
    config["data"] = relocate(stored["config"], now, now["data"].get("root") if "data.root" in given else None)
    for key in ("accelerator", "limit_time"):
        if f"trainer.{key}" in given:
            config["trainer"][key] = now["trainer"][key]
    if is_extension(given, cfg, stored["config"]):
        config = extended(config, cfg, given)
    return config, checkpoint, path


def _find(given: str, runs: Path) -> Path:
    """Returns the checkpoint for ``resume``; ``last`` = the most recent ``last.ckpt``."""
    if given != "last":
        return find_checkpoint(given, "resume")
    if shared := os.environ.get(VARIABLE):  # found by rank 0 of this run
        return Path(shared) / "last.ckpt"
    return newest_checkpoint(runs, "resume")


def finished(run: Path, checkpoint: Mapping[str, Any], of_rounds: int) -> dict[str, Any] | None:
    """Returns the ``metrics.json`` of a run that has finished training and evaluation; else None.

    Args:
        run: the run folder.
        checkpoint: the checkpoint that it would be resumed from.
        of_rounds: length of the run.
    """
    try:
        report = read_json(run / "metrics.json")
        rounds = checkpoint["progress"]["rounds"], of_rounds
        same = (report["rounds"], report["of_rounds"]) == rounds and isinstance(report["metrics"], dict)
        return report if same and (rounds[0] == rounds[1] or report["state"] == "finished") else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def rewind(run: Path, path: Path, progress: Mapping[str, int]) -> None:
    """Restores the run folder to its state when a checkpoint was written.

    If the checkpoint is not the last one, later checkpoints, ``metrics.json`` and a copy of the CSV file are moved to
    ``abandoned/<n>``. Log entries after the checkpoint and partially written files are removed.

    Args:
        run: the run folder.
        path: path of the checkpoint; it becomes ``last.ckpt``.
        progress: rounds and images at the checkpoint.

    Raises:
        GenzooError: a file cannot be written.
    """
    for partial in run.rglob(".*.partial"):
        if "evaluation" not in partial.relative_to(run).parts:  # another process may be writing them
            partial.unlink(missing_ok=True)
    last = run / "last.ckpt"
    if not (last.exists() and path.samefile(last)):
        kept = _move_later_files(run, path, progress["rounds"])
        _copy(path, last)
        log.info(f"going back to round {progress['rounds']}; files of later rounds are kept in {kept}")
    if (former := run / "metrics.json").is_file():  # of a run that was interrupted, or goes on with more rounds
        os.replace(former, run / f"metrics-round-{progress['rounds']:06d}.json")
    drop_after(run, progress["seen"])


def _move_later_files(run: Path, path: Path, rounds: int) -> Path:
    """Moves the files of later rounds to a new folder under ``abandoned`` and returns it."""
    numbers = [int(folder.name) for folder in (run / "abandoned").glob("*") if folder.name.isdigit()]
    folder = run / "abandoned" / str(max(numbers, default=0) + 1)
    for name in ("last.ckpt", "metrics.json", str(FILE)):
        if (run / name).exists():
            # Renamed, since a folder with a last.ckpt counts as a run.
            _copy(run / name, folder / Path(name).name.replace("last.ckpt", "end.ckpt"))
    (run / "metrics.json").unlink(missing_ok=True)
    for other in (*run.glob("*.ckpt"), *run.glob("checkpoints/*.ckpt")):
        if other != run / "last.ckpt" and not other.samefile(path) and _rounds_of(other) > rounds:
            os.replace(other, folder / other.name)
    return folder


def _rounds_of(path: Path) -> float:
    """Returns the number of rounds of a checkpoint; infinite for a damaged one."""
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
    """Refuses overrides that would change the experiment; the message names the override.

    Args:
        overrides: overrides of the command line.
        current: the configuration composed with them.
        choices: group -> currently chosen option.
        stored: ``config`` and ``choices`` of the checkpoint.
    """
    given = OverridesParser.create().parse_overrides(list(overrides))
    longer = is_extension([override.key_or_group for override in given], current, stored["config"])
    allowed = (*FREE, ROUNDS, SCHEDULES) if longer else FREE
    for override in given:
        key = override.key_or_group.replace("/", ".")
        if any(key == free or key.startswith(f"{free}.") for free in allowed):
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
    """Returns the stored data configuration, with the data folder of this machine.

    Args:
        stored: resolved configuration of the checkpoint.
        current: current resolved configuration.
        root: data folder, or file, given by the user, or None.
    """
    data = dict(stored["data"])
    for key in ("file", "path"):  # of sets that are one file or folder
        if key in data:
            data[key] = root or data[key]
    if "root" in data:
        standard = data["root"] == stored["paths"]["data"]
        data["root"] = root or (current["paths"]["data"] if standard else data["root"])
        if not (root or standard) and "offline" in data:
            data["offline"] = True  # never download to a path that comes from a file
    return data
