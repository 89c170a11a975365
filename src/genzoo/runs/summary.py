"""The first and last log lines of a run, and metrics.json."""

import functools
import logging
import platform
import re
import shlex
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

import genzoo
from genzoo.core.rounds import RoundModule
from genzoo.core.stopwatch import clock
from genzoo.data.source import Data
from genzoo.metrics.evaluation import Evaluation
from genzoo.runs.config_hash import config_hash

log = logging.getLogger("genzoo")


def announce(config: Mapping[str, Any], data: Data, module: RoundModule, trainer: pl.Trainer) -> None:
    """Logs the first line: model, data, length, device, folder."""
    rounds, done = data.rounds, module.progress.rounds
    log.info(
        f"{config['recipe']['name']} on {data.name} ({data.describe()}), "
        f"{f'rounds {done} to {rounds}' if done else f'{rounds} rounds'} of {data.batch_size} {module.unit}, "
        f"seed {config['seed']}, {trainer.world_size} x {trainer.strategy.root_device}{_marked(config)} -> "
        f"{trainer.default_root_dir}"
    )


def announce_finished(report: Mapping[str, Any], folder: Path, path: Path) -> None:
    """Logs that a run has nothing left to do, and what can be done with it.

    Args:
        report: its ``metrics.json``.
        folder: the run folder.
        path: its checkpoint.
    """
    rounds, of_rounds = report["rounds"], report["of_rounds"]
    ended = f"finished all of its {of_rounds} rounds"
    if rounds < of_rounds:
        ended = f"ended after {rounds} of its {of_rounds} rounds ({report.get('ended_by')})"
    evaluate, resume = shlex.quote(f"ckpt={path}"), shlex.quote(f"resume={folder}")
    log.info(
        f"{folder} has {ended}, and has metrics.json; to evaluate it again: genzoo evaluate {evaluate}; to go on: "
        f"genzoo train {resume} trainer.rounds=<more than {of_rounds}>"
    )


def summarise(
    config: Mapping[str, Any], data: Data, module: RoundModule, found: Evaluation, **more: Any
) -> dict[str, Any]:
    """Returns the content of ``metrics.json``.

    Args:
        config: resolved configuration.
        data: data of the evaluation.
        module: the evaluated model.
        found: results of the metrics.
        more: further entries.
    """
    rounds, of_rounds = module.progress.rounds, config["trainer"]["rounds"]
    return {
        "metrics": dict(found.values),
        "protocol": dict(found.protocol),
        "experiment": config.get("experiment", {}).get("name"),
        "model": config["recipe"]["name"],
        "data": data.name,
        "data_source": data.source,
        "marks": config["marks"],
        "seed": config["seed"],
        "state": "finished" if rounds >= of_rounds else "unfinished",
        "rounds": rounds,
        "of_rounds": of_rounds,
        module.unit: module.progress.seen,
        "batch_norm": module.batch_norm,
        "config_hash": config_hash(config),
        "device": _device_name(module),
        "devices": 1,
        "measured_by": code_version(),
        "versions": {"torch": torch.__version__, "lightning": pl.__version__},
        "date": time.strftime("%Y-%m-%d"),
        **({"not_measured": {name: str(error) for name, error in found.errors.items()}} if found.errors else {}),
        **more,
    }


def conclude(summary: Mapping[str, Any], folder: Path) -> None:
    """Logs the last lines: main metrics, failed metrics, and the folder."""
    why = f": {summary['ended_by']}" if "ended_by" in summary else ""
    log.info(
        f"{summary['state']} after {summary['rounds']} of {summary['of_rounds']} rounds in {clock(summary['seconds'])}"
        f"{_marked(summary)}{why}"
    )
    best = summary.get("best", {"metrics": {}})
    for name, value in headlines(summary["metrics"]).items():
        other = best["metrics"].get(name)
        also = "" if other is None else f"   (best checkpoint, round {best['rounds']}: {other:.4f})"
        log.info(f"{name} {value:.4f}{also}")
    if lacking := summary.get("not_measured"):
        log.warning(f"not measured: {', '.join(lacking)}; the reasons are above and in metrics.json")
    log.info(f"pictures (samples/*.png), metrics.json and last.ckpt are in {folder}")


def headlines(values: Mapping[str, float]) -> dict[str, float]:
    """Returns the metrics that are not parts of other metrics.

    >>> headlines({"test/kl": 20.0, "test/kl/step_01": 1.0})
    {'test/kl': 20.0}
    """
    return {name: value for name, value in values.items() if name.count("/") == 1}


@functools.cache
def code_version() -> str:
    """Returns the version and, in a git checkout of genzoo, the commit at the time of the first call.

    ``-dirty`` follows if code or configurations differ from it; other files, such as the results pages, do not count.
    """
    root = Path(genzoo.__file__).parents[2]
    if not (root / ".git").exists():
        return genzoo.__version__

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        commit = git("rev-parse", "--short", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "src", "conf")
    except (OSError, subprocess.CalledProcessError):  # no git, or git does not trust the folder
        return genzoo.__version__
    return f"{genzoo.__version__}+{commit}{'-dirty' if changed else ''}"


def _marked(described: Mapping[str, Any]) -> str:
    return f" [{', '.join(described['marks'])}]" if described["marks"] else ""


def _device_name(module: RoundModule) -> str:
    if module.device.type == "cuda":
        return torch.cuda.get_device_name(module.device)
    try:
        name = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())[1]
    except (OSError, TypeError):  # not Linux
        name = platform.processor() or platform.machine()
    return f"CPU ({name}), {torch.get_num_threads()} threads"
