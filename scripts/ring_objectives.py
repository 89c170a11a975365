"""Trains every game of ring_games.yaml on the ring of eight Gaussians; prints a table, draws the samples side by side.

    python scripts/ring_objectives.py train <folder> --seeds 5 --workers 2    # two hours; appends to ring_results.csv
    python scripts/ring_objectives.py costs                                   # writes ring_costs.json
    python scripts/ring_objectives.py table
    python scripts/ring_objectives.py draw <folder> docs/images/ring-objectives.png

Runs that are in ring_results.csv are not repeated. The same perceptrons, noise, batches of 512 and Adam (1e-3, β₁ 0.5)
for all, one thread per run. The cost of a round is processor time, beside that of the non-saturating game, in one
process.
"""

import argparse
import csv
import json
import math
import statistics
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
import yaml
from hydra import compose, initialize_config_dir
from matplotlib import pyplot
from omegaconf import OmegaConf

from genzoo.core.errors import GenzooError
from genzoo.core.files import atomic_write
from genzoo.core.randomness import generator
from genzoo.runs.build import build_data, build_module
from genzoo.runs.train import train

ROOT = Path(__file__).parents[1]
GROUPS: Mapping[str, Mapping[str, Any]] = yaml.safe_load((ROOT / "scripts" / "ring_games.yaml").read_text())
GAMES = {name: game for group in GROUPS.values() for name, game in group.items()}
METRICS = ("modes_covered", "high_quality", "modes_reverse_kl")
COLUMNS = ("game", "seed", "rounds", *METRICS)
BASELINE = "non-saturating"
RESULTS, COSTS = ROOT / "scripts" / "ring_results.csv", ROOT / "scripts" / "ring_costs.json"


def composed(name: str, seed: int, rounds: int, runs: str) -> Any:
    """The configuration of a game's run."""
    game = GAMES[name]
    fixed = [f"model={game.get('model', 'gan_2d')}", "data=ring", "trainer=cpu", "logger=none"]
    chosen = [f"seed={seed}", f"recipe.rounds={rounds}", "metrics=modes", f"paths.runs={runs}"]
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose("train", [*fixed, *chosen, *game["overrides"]])


def points_of(folder: Path, name: str, seed: int) -> Path:
    """The file of a run's 2,500 samples."""
    return folder / f"{name.replace(' ', '_').replace(',', '').replace('%', 'percent')}-{seed}.npy"


def play(folder: Path, rounds: int, job: tuple[str, int]) -> dict[str, Any] | str:
    """Trains a game and stores 2,500 samples; returns its row of results, or a line if it diverged."""
    name, seed = job
    torch.set_num_threads(1)
    with TemporaryDirectory() as runs:
        cfg = composed(name, seed, rounds, runs)
        try:
            run = train(cfg)
            points = run.model.sample(2500, generator=generator(0, "ring")).flatten(1)
        except GenzooError as error:
            return f"{name}, seed {seed}: {error}"
    np.save(
        points_of(folder, name, seed), points.numpy() * build_data(OmegaConf.to_container(cfg, resolve=True)).extent
    )
    found = {metric: round(run.metrics[f"test/{metric}"], 5) for metric in METRICS}
    return {"game": name, "seed": seed, "rounds": rounds, **found}


def train_all(folder: Path, seeds: int, rounds: int, workers: int) -> None:
    """Trains what ``RESULTS`` lacks, and appends it there."""
    folder.mkdir(parents=True, exist_ok=True)
    done = {(row["game"], int(row["seed"])) for rows in results().values() for row in rows}
    jobs = [(name, seed) for seed in range(seeds) for name in GAMES if (name, seed) not in done]
    with ProcessPoolExecutor(workers) as pool:
        for row in pool.map(partial(play, folder, rounds), jobs):
            print(row, flush=True)
            if isinstance(row, dict):
                with RESULTS.open("a", newline="") as file:
                    csv.DictWriter(file, COLUMNS, lineterminator="\n").writerow(row)


def processor_time(name: str, rounds: int) -> float:
    """Processor time of some rounds of a game, in seconds."""
    config = OmegaConf.to_container(composed(name, 0, rounds, "runs"), resolve=True)
    data, module = build_data(config), build_module(config)
    data.setup()
    trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
    start = time.process_time()
    trainer.fit(module, datamodule=data)
    return time.process_time() - start


def measure_costs(rounds: int = 50, times: int = 5) -> None:
    """Stores the cost of each game's rounds, beside those of the baseline; both take turns in one process."""
    torch.set_num_threads(1)
    costs = {}
    for name in GAMES:
        ratios = [processor_time(name, rounds) / processor_time(BASELINE, rounds) for _ in range(times)]
        costs[name] = round(statistics.median(ratios), 2)
        print(f"{name}: {costs[name]:.2f}", flush=True)
    with atomic_write(COSTS) as target:
        target.write_text(json.dumps(costs, indent=0, ensure_ascii=False) + "\n")


def results() -> dict[str, list[dict[str, str]]]:
    """Game -> rows of its seeds, in the order of the games."""
    with RESULTS.open() as file:
        rows = list(csv.DictReader(file))
    return {name: mine for name in GAMES if (mine := [row for row in rows if row["game"] == name])}


def spread(values: Sequence[float], digits: int) -> str:
    """Mean and sample standard deviation.

    >>> spread([1.0, 3.0], 1)
    '2.0 ± 1.4'
    """
    mean = f"{statistics.fmean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean


def table(group: str) -> str:
    """A group's results in Markdown."""
    found, costs = results(), json.loads(COSTS.read_text()) if COSTS.exists() else {}
    lines = [
        "| game | losses: D; G | source | modes of 8 | high quality | reverse KL, nats | cost |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, game in GROUPS[group].items():
        if name not in found:
            continue
        covered, quality, kl = ([float(row[metric]) for row in found[name]] for metric in METRICS)
        cost = f"{costs[name]:.1f}" if name in costs else "not measured"
        cells = [name, game["losses"], game["source"], spread(covered, 1), spread(quality, 2), spread(kl, 3), cost]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)


def draw(folder: Path, picture: Path) -> None:
    """The samples of every objective's first seed, side by side."""
    found = {name: rows[0] for name, rows in results().items() if name in GROUPS["objectives"]}
    columns = 6
    rows = math.ceil(len(found) / columns)
    figure, axes = pyplot.subplots(rows, columns, figsize=(2 * columns, 2.25 * rows), layout="constrained")
    angles = torch.arange(8) * (2 * math.pi / 8)
    for panel in axes.flat:
        panel.axis("off")
    for panel, (name, row) in zip(axes.flat, found.items(), strict=False):
        panel.axis("on")
        panel.scatter(2 * angles.cos(), 2 * angles.sin(), s=60, facecolors="none", edgecolors="tab:gray")
        panel.scatter(*np.load(points_of(folder, name, int(row["seed"]))).T, s=1, alpha=0.3, linewidths=0)
        panel.set(aspect="equal", xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), xticks=[], yticks=[])
        panel.set_title(f"{name}: {float(row['modes_covered']):.0f}", fontsize=8)
    figure.savefig(picture, dpi=90)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["train", "costs", "table", "draw"])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("ring"), help="of the samples")
    parser.add_argument("picture", type=Path, nargs="?", help="of draw")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    if given.command == "train":
        train_all(given.folder, given.seeds, given.rounds, given.workers)
    elif given.command == "costs":
        measure_costs()
    elif given.command == "table":
        for group in GROUPS:
            print(table(group), end="\n\n")
    else:
        draw(given.folder, given.picture)


if __name__ == "__main__":
    main()
