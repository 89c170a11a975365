"""What a run says of itself: its first and last lines, and metrics.json."""

import logging
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

import genzoo
from genzoo.callbacks.progress import clock
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData

log = logging.getLogger("genzoo")


def announce(config: Mapping[str, Any], data: ImageData, module: RoundModule, trainer: pl.Trainer) -> None:
    """The first line: what is trained on what, how long, on which device, where."""
    rounds, done = data.rounds, module.progress.rounds
    log.info(
        f"{config['recipe']['name']} on {data.name} ({len(data.split('train').images):,} training images), "
        f"{f'rounds {done} to {rounds}' if done else f'{rounds} rounds'} of {data.batch_size} images, "
        f"seed {config['seed']}, {trainer.world_size} x {trainer.strategy.root_device}{_marked(config)} -> "
        f"{trainer.default_root_dir}"
    )


def report(
    config: Mapping[str, Any], data: ImageData, module: RoundModule, values: Mapping[str, float], **more: Any
) -> dict[str, Any]:
    """The content of ``metrics.json``.

    Args:
        config: resolved.
        data: what was measured on.
        module: what was measured.
        values: metrics.
        more: further entries.
    """
    return {
        "metrics": dict(values),
        "model": config["recipe"]["name"],
        "data": data.name,
        "data_source": data.source,
        "marks": config["marks"],
        "seed": config["seed"],
        "rounds": module.progress.rounds,
        "of_rounds": config["trainer"]["rounds"],
        "images": module.progress.images,
        "batch_norm": module.batch_norm,
        "device": _device_name(module),
        "versions": {"genzoo": code_version(), "torch": torch.__version__, "lightning": pl.__version__},
        **more,
    }


def conclude(report: Mapping[str, Any], folder: Path) -> None:
    """The last lines: the figures and where everything lies."""
    figures = ", ".join(f"{name} {value:.3f}" for name, value in report["metrics"].items())
    log.info(
        f"{report['state']} after {report['rounds']} of {report['of_rounds']} rounds in {clock(report['seconds'])}"
        f"{_marked(report)}{': ' if figures else ''}{figures}"
    )
    log.info(f"pictures (samples/*.png), metrics.json and last.ckpt are in {folder}")


def code_version() -> str:
    """Version and, in a checkout, the commit."""
    git = subprocess.run(
        ["git", "-C", str(Path(genzoo.__file__).parent), "describe", "--always", "--dirty", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    )
    commit = git.stdout.strip()
    return f"{genzoo.__version__}+{commit}" if commit else genzoo.__version__


def _marked(described: Mapping[str, Any]) -> str:
    return f" [{', '.join(described['marks'])}]" if described["marks"] else ""


def _device_name(module: RoundModule) -> str:
    if module.device.type == "cuda":
        return torch.cuda.get_device_name(module.device)
    return f"{module.device.type}, {torch.get_num_threads()} threads"
