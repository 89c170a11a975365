"""Trains every game of ring_games.yaml on the ring of eight Gaussians; prints a table, draws the samples side by side.

    python scripts/ring_objectives.py train <folder> --seeds 5 --workers 2      # hours; finished runs are kept
    python scripts/ring_objectives.py costs <folder>
    python scripts/ring_objectives.py table <folder>
    python scripts/ring_objectives.py draw <folder> docs/images/ring-objectives.png

The same perceptrons, noise, batches of 512 and Adam (1e-3, β₁ 0.5) for all, one thread per run. The cost of a round is
processor time, beside that of the non-saturating game, in one process.
"""

import argparse
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
BASELINE = "non-saturating"
COSTS = "costs.json"


def composed(name: str, seed: int, rounds: int, runs: str) -> Any:
    """The configuration of a game's run."""
    game = GAMES[name]
    fixed = [f"model={game.get('model', 'gan_2d')}", "data=ring", "trainer=cpu", "logger=none"]
    chosen = [f"seed={seed}", f"recipe.rounds={rounds}", "metrics=modes", f"paths.runs={runs}"]
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose("train", [*fixed, *chosen, *game["overrides"]])


def play(folder: Path, rounds: int, job: tuple[str, int]) -> str:
    """Trains a game, and stores its metrics, its cost and 2,500 samples; an earlier result is kept."""
    name, seed = job
    torch.set_num_threads(1)
    path = folder / f"{name.replace(' ', '_').replace(',', '').replace('%', 'percent')}-{seed}.json"
    if not path.exists():
        with TemporaryDirectory() as runs:
            cfg = composed(name, seed, rounds, runs)
            try:
                run = train(cfg)
                points = run.model.sample(2500, generator=generator(0, "ring")).flatten(1)
            except GenzooError as error:  # a game may diverge
                return f"{name}, seed {seed}: {error}"
            points *= build_data(OmegaConf.to_container(cfg, resolve=True)).extent
        found = {metric: run.metrics[f"test/{metric}"] for metric in METRICS}
        result = {"game": name, "seed": seed, "rounds": rounds, **found}
        text = json.dumps({**result, "points": [[round(c, 3) for c in point] for point in points.tolist()]})
        with atomic_write(path) as target:
            target.write_text(text)
    return f"{name}, seed {seed}: done"


def processor_time(name: str, rounds: int) -> float:
    """Processor time of some rounds of a game, in seconds."""
    config = OmegaConf.to_container(composed(name, 0, rounds, "runs"), resolve=True)
    data, module = build_data(config), build_module(config)
    data.setup()
    trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
    start = time.process_time()
    trainer.fit(module, datamodule=data)
    return time.process_time() - start


def measure_costs(folder: Path, rounds: int = 50, times: int = 5) -> None:
    """Stores the cost of each game's rounds, beside those of the baseline; both take turns in one process."""
    torch.set_num_threads(1)
    costs = {}
    for name in GAMES:
        ratios = [processor_time(name, rounds) / processor_time(BASELINE, rounds) for _ in range(times)]
        costs[name] = statistics.median(ratios)
        print(f"{name}: {costs[name]:.2f}", flush=True)
    with atomic_write(folder / COSTS) as target:
        target.write_text(json.dumps(costs))


def results(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Game -> results of its seeds, in the order of the games."""
    found = [json.loads(path.read_text()) for path in sorted(folder.glob("*-[0-9].json"))]
    return {name: mine for name in GAMES if (mine := [one for one in found if one["game"] == name])}


def spread(values: Sequence[float], digits: int) -> str:
    """Mean and sample standard deviation.

    >>> spread([1.0, 3.0], 1)
    '2.0 ± 1.4'
    """
    mean = f"{statistics.fmean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean


def table(folder: Path, group: str) -> str:
    """A group's results in Markdown."""
    found = results(folder)
    costs = json.loads((folder / COSTS).read_text()) if (folder / COSTS).exists() else {}
    lines = [
        "| game | losses: D; G | source | modes of 8 | high quality | reverse KL, nats | cost |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, game in GROUPS[group].items():
        if name not in found:
            continue
        covered, quality, kl = ([one[metric] for one in found[name]] for metric in METRICS)
        cost = f"{costs[name]:.1f}" if name in costs else "not measured"
        cells = [name, game["losses"], game["source"], spread(covered, 1), spread(quality, 2), spread(kl, 3), cost]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)


def draw(folder: Path, picture: Path) -> None:
    """The samples of every objective's first seed, side by side."""
    found = {name: mine for name, mine in results(folder).items() if name in GROUPS["objectives"]}
    columns = 6
    rows = math.ceil(len(found) / columns)
    figure, axes = pyplot.subplots(rows, columns, figsize=(2 * columns, 2.25 * rows), layout="constrained")
    angles = torch.arange(8) * (2 * math.pi / 8)
    for panel in axes.flat:
        panel.axis("off")
    for panel, (name, mine) in zip(axes.flat, found.items(), strict=False):
        panel.axis("on")
        panel.scatter(2 * angles.cos(), 2 * angles.sin(), s=60, facecolors="none", edgecolors="tab:gray")
        panel.scatter(*zip(*mine[0]["points"], strict=True), s=1, alpha=0.3, linewidths=0)
        panel.set(aspect="equal", xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), xticks=[], yticks=[])
        panel.set_title(f"{name}: {mine[0]['modes_covered']:.0f}", fontsize=8)
    figure.savefig(picture, dpi=90)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["train", "costs", "table", "draw"])
    parser.add_argument("folder", type=Path, help="results, one file per game and seed")
    parser.add_argument("picture", type=Path, nargs="?", help="of draw")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    if given.command == "train":
        given.folder.mkdir(parents=True, exist_ok=True)
        jobs = [(name, seed) for seed in range(given.seeds) for name in GAMES]
        with ProcessPoolExecutor(given.workers) as pool:
            for line in pool.map(partial(play, given.folder, given.rounds), jobs):
                print(line, flush=True)
    elif given.command == "costs":
        measure_costs(given.folder)
    elif given.command == "table":
        for group in GROUPS:
            print(table(given.folder, group), end="\n\n")
    else:
        draw(given.folder, given.picture)


if __name__ == "__main__":
    main()
