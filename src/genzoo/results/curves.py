"""Learning curves over seeds: medians and quartiles, as a picture, and how many runs reach a level."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from omegaconf import DictConfig, OmegaConf
from PIL import Image
from scipy.stats import binomtest

from genzoo.core.errors import GenzooError, near
from genzoo.core.figures import as_picture
from genzoo.core.files import write_json
from genzoo.core.pictures import save_picture
from genzoo.runs.csv_logger import read_rows
from genzoo.runs.found import find_checkpoints
from genzoo.runs.logs import csv_files
from genzoo.runs.schema import Curves, check_keys, check_values

Curve = Mapping[int, float]  # rounds played -> value


def draw_curves(cfg: DictConfig) -> dict[str, Any]:
    """Draws the curves and prints how many runs reach the level.

    Args:
        cfg: composed from conf/curves.yaml.

    Returns:
        The content of the JSON file beside the picture: label -> rounds, median, quartiles, runs and, with a level,
        ``reached``.

    Raises:
        GenzooError: a folder contains no run, or a run has no such metric.
    """
    if not isinstance(cfg.runs, DictConfig) or not cfg.runs:
        raise GenzooError(f"runs={cfg.runs}: give label: folder, such as runs={{VIME: runs/vime-cartpole}}.")
    check_keys(cfg, Curves)
    check_values(OmegaConf.to_container(cfg, resolve=True))
    if cfg.within is not None and cfg.level is None:
        raise GenzooError(f"within={cfg.within}: it counts the runs that reach a level; give level=... too.")
    found: dict[str, Any] = {}
    for label, folder in cfg.runs.items():
        curves = [read_curve(path.parent, cfg.metric) for path in find_checkpoints(folder, f"runs.{label}")]
        found[label] = summary(curves)
        if cfg.level is not None:
            found[label]["reached"] = reached(curves, cfg.level, cfg.within)
    picture = Path(cfg.picture)
    save_picture(curves_picture(found, cfg.metric, cfg.level), picture)
    write_json(picture.with_suffix(".json"), {"metric": cfg.metric, "curves": found})
    for label, of in found.items():
        print(f"{label}: {description(of, cfg.metric, cfg.level, cfg.within)}")
    print(f"{picture} and {picture.with_suffix('.json')} are written")
    return found


def read_curve(run: Path, metric: str) -> Curve:
    """Reads a logged metric of a run: rounds -> value; for rounds repeated by a resumed run, the last value.

    Raises:
        GenzooError: the run has no such log or no such metric.
    """
    rows = [row for path in csv_files(run) for row in read_rows(path)]
    if not rows:
        raise GenzooError(f"{run}: there is no csv/version_*/metrics.csv; draw runs that logged with logger=csv.")
    # Older logs have the number of rounds only in rows of losses; other rows have the number of images.
    rounds = {row["step"]: int(float(row["progress/rounds"])) for row in rows if row.get("progress/rounds")}
    valued = [row for row in rows if row.get(metric)]
    curve = {rounds[row["step"]]: float(row[metric]) for row in valued if row["step"] in rounds}
    if not curve:
        names = {name for row in rows if row["step"] in rounds for name, value in row.items() if value}
        raise GenzooError(f"metric={metric}: {run} has no such values. {near(metric, names)}")
    return curve


def summary(curves: Sequence[Curve]) -> dict[str, Any]:
    """Returns median and quartiles at the rounds that all curves have.

    Raises:
        GenzooError: there is no such round.

    Example:
        >>> summary([{1: 0.0, 2: 4.0}, {1: 1.0, 2: 5.0}, {1: 2.0}])["median"]
        [1.0]
    """
    rounds = sorted(set.intersection(*map(set, curves)))
    if not rounds:
        raise GenzooError("runs: they have no round in common; draw runs of one length.")
    quartiles = np.quantile([[curve[round] for round in rounds] for curve in curves], [0.25, 0.5, 0.75], axis=0)
    names = ("lower", "median", "upper")
    return {
        "runs": len(curves),
        "rounds": rounds,
        **{name: of.tolist() for name, of in zip(names, quartiles, strict=True)},
    }


def reached(curves: Sequence[Curve], level: float, within: int | None = None) -> dict[str, Any]:
    """Returns the first round in which each run reaches the level, and the fraction of these runs with a 95 % interval.

    The interval is that of Clopper and Pearson, with a coverage of at least 95 %.

    Args:
        curves: curves of the runs.
        level: minimum value.
        within: maximum round; None = any round.

    Example:
        >>> reached([{1: 0.2, 2: 0.9}, {1: 0.1, 2: 0.3}], level=0.9)["first"]
        [2, None]
    """
    first = []
    for curve in curves:
        there = [round for round, value in curve.items() if value >= level and (within is None or round <= within)]
        first.append(min(there, default=None))
    count = sum(round is not None for round in first)
    interval = binomtest(count, len(curves)).proportion_ci(0.95, method="exact")
    return {"first": first, "count": count, "interval": [interval.low, interval.high]}


def description(of: Mapping[str, Any], metric: str, level: float | None, within: int | None) -> str:
    """Returns one line about the curve of one label."""
    line = f"n = {of['runs']}, {metric} after {of['rounds'][-1]} rounds: median {of['median'][-1]:.3g}"
    line += f", quartiles {of['lower'][-1]:.3g} and {of['upper'][-1]:.3g}"
    if level is None:
        return line
    low, high = of["reached"]["interval"]
    limit = "" if within is None else f" within {within} rounds"
    return f"{line}; {of['reached']['count']} reach {level:g}{limit} (95 % interval {low:.2f} to {high:.2f})"


def curves_picture(found: Mapping[str, Mapping[str, Any]], metric: str, level: float | None = None) -> Image.Image:
    """Draws medians as lines and the ranges between quartiles as bands."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    for label, of in found.items():
        (line,) = axes.plot(of["rounds"], of["median"], label=f"{label} (n = {of['runs']})")
        axes.fill_between(of["rounds"], of["lower"], of["upper"], color=line.get_color(), alpha=0.25, linewidth=0)
    if level is not None:
        axes.axhline(level, color="grey", linestyle=":")
    axes.set(xlabel="rounds", ylabel=metric)
    axes.legend()
    return as_picture(figure)
