"""Going on with a run: its own configuration wins."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from genzoo.core.checkpoints import load_checkpoint
from genzoo.core.errors import GenzooError
from genzoo.core.registry import check_targets
from genzoo.folders import VARIABLE

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
        The resolved configuration, the run's own but for what may differ; its checkpoint; its folder.

    Raises:
        GenzooError: there is no such run, its checkpoint is damaged or forbidden, an override would change it.
    """
    folder = find_run(cfg.resume, Path(cfg.paths.runs))
    checkpoint = load_checkpoint(folder / "last.ckpt")
    stored = checkpoint["genzoo"]
    check_overrides(overrides, cfg, choices, stored)

    now = OmegaConf.to_container(cfg, resolve=True)
    given = {override.key_or_group for override in OverridesParser.create().parse_overrides(list(overrides))}
    own = {key: value for key, value in stored["config"].items() if key in EXPERIMENT}
    groups = {name.split(".")[0] for name in given}
    shown = {key: value for key, value in stored.get("shown", {}).items() if key in SHOWN and key not in groups}
    check_targets(shown)
    config = {key: value for key, value in now.items() if key not in EXPERIMENT} | own | shown
    config["data"] = relocate(stored["config"], now, now["data"].get("root") if "data.root" in given else None)
    if "trainer.accelerator" in given:
        config["trainer"]["accelerator"] = now["trainer"]["accelerator"]
    return config, checkpoint, folder


def find_run(resume: str, runs: Path) -> Path:
    """The folder that ``resume`` means: ``last`` = the one whose checkpoint is the newest.

    Raises:
        GenzooError: there is none.
    """
    if given := os.environ.get(VARIABLE):  # what the first process of this run found
        return Path(given)
    if resume == "last":
        checkpoints = sorted(runs.glob("**/last.ckpt"), key=lambda path: path.stat().st_mtime)
        if not checkpoints:
            raise GenzooError(f"resume=last: there is no run with a checkpoint under {runs}; start one without resume.")
        return checkpoints[-1].parent
    folder = Path(resume)
    folder = folder.parent if folder.suffix == ".ckpt" else folder
    if not (folder / "last.ckpt").is_file():
        raise GenzooError(
            f"resume={resume}: no last.ckpt in {folder}; give a run folder that holds one, or resume=last."
        )
    return folder


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
    return data
