"""The content of a run folder, as far as a page shows it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import OmegaConf

from genzoo.core.errors import GenzooError
from genzoo.launch.sweeps import JOBS, read_jobs
from genzoo.runs.csv_logger import read_rows
from genzoo.runs.kept_pictures import kept_pictures
from genzoo.runs.logs import csv_files

Curve = Sequence[tuple[int, float]]  # round, value


class RunShown(NamedTuple):
    """What is shown of a run.

    Args:
        name: of model and data, with the seed.
        state: one line: how far the run is.
        running: whether there is no ``metrics.json`` yet.
        pictures: caption -> the newest PNG or GIF of a kind.
        curves: name -> values over rounds.
        metrics: name -> value.
        protocol: of the metrics.
        config: the run's configuration, YAML.
    """

    name: str
    state: str
    running: bool
    pictures: Mapping[str, Path]
    curves: Mapping[str, Curve]
    metrics: Mapping[str, float]
    protocol: Mapping[str, Any]
    config: str


def run_folders(given: Sequence[str]) -> list[Path]:
    """The run folders that are given: runs, folders of sweeps, or folders that contain runs.

    Raises:
        GenzooError: one of them contains no run.
    """
    found: list[Path] = []
    for one in given:
        folder = Path(one)
        if (folder / JOBS).is_file():
            here = [Path(job.folder) for job in read_jobs(folder) if job.folder]
        else:
            here = sorted(path.parent for path in folder.glob("**/config.yaml") if (path.parent / "run.log").is_file())
        if not here:
            raise GenzooError(f"runs={one}: it contains no run; give run folders, or the folder of a sweep.")
        found += here
    return list(dict.fromkeys(found))


def shown(run: Path) -> RunShown:
    """Reads a run folder.

    Raises:
        GenzooError: its configuration or its metrics are damaged.
    """
    text = (run / "config.yaml").read_text()
    try:
        config = OmegaConf.to_container(OmegaConf.create(text))
        file = run / "metrics.json"
        report = json.loads(file.read_text()) if file.is_file() else {}
        name = f"{config['recipe']['name']}, seed {config['seed']}"
        of_rounds = config["trainer"]["rounds"]
    except Exception as error:  # YAML's and JSON's errors, and missing keys
        raise GenzooError(f"{run}: config.yaml or metrics.json is damaged; leave this run out.") from error
    rows = [row for path in csv_files(run) for row in read_rows(path)]
    return RunShown(
        name=f"{report['model']} on {report['data']}, seed {report['seed']}" if report else name,
        state=_ended(report) if report else _going_on(rows, of_rounds),
        running=not report,
        pictures=_pictures(run),
        curves=_curves(rows),
        metrics=report.get("metrics", {}),
        protocol=report.get("protocol", {}),
        config=text,
    )


def _pictures(run: Path) -> dict[str, Path]:
    """The newest picture of each kind, those that are not of a round, and the films."""
    kept, folder = kept_pictures(run), run / "samples"
    newest = {f"{kind} after {max(of):,} rounds": of[max(of)] for kind, of in kept.items()}
    known = {path for of in kept.values() for path in of.values()}
    others = {path.stem: path for path in sorted(folder.glob("*.png")) if path not in known}
    return newest | others | {f"{path.stem} over the rounds": path for path in sorted(folder.glob("*.gif"))}


def _curves(rows: Sequence[Mapping[str, str]]) -> dict[str, Curve]:
    """The logged losses and measurements that have at least two values, training first."""
    curves: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        for name, value in row.items():
            if value and row.get("progress/rounds") and name.startswith(("train/", "validation/")):
                curves.setdefault(name, []).append((int(float(row["progress/rounds"])), float(value)))
    return {name: curve for name, curve in sorted(curves.items()) if len(curve) > 1}


def _ended(report: Mapping[str, Any]) -> str:
    device = report.get("device", "unknown device")
    minutes = report.get("seconds", 0) / 60
    return (
        f"{report['state']}: {report['rounds']:,} of {report['of_rounds']:,} rounds in {minutes:.1f} minutes, {device}"
    )


def _going_on(rows: Sequence[Mapping[str, str]], of_rounds: int) -> str:
    """How far a run without ``metrics.json`` is, by its log."""
    last = next((row for row in reversed(rows) if row.get("progress/images_per_second")), None)
    if last is None:
        return f"no log yet, of {of_rounds:,} rounds"
    rounds, seen = int(float(last["progress/rounds"])), float(last["step"])
    seconds = (of_rounds - rounds) * seen / max(rounds, 1) / max(float(last["progress/images_per_second"]), 1e-9)
    return f"round {rounds:,} of {of_rounds:,}, about {max(1, round(seconds / 60))} minutes left if it goes on"
