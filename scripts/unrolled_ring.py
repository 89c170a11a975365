"""Draws the samples of finished runs on the ring side by side, and what was measured while they were trained.

    python scripts/unrolled_ring.py docs/images/unrolled-ring.png <run with 0 unrolled steps> <run with 5>

The runs were logged with logger=csv.
"""

import csv
import json
import sys
from pathlib import Path

from matplotlib import pyplot
from omegaconf import OmegaConf

import genzoo
from genzoo.core.randomness import generator
from genzoo.runs.build import build_data

MEASURED = {"modes_covered": "modes covered", "high_quality": "high quality", "modes_reverse_kl": "reverse KL, nats"}


def curves(run: Path) -> tuple[list[float], dict[str, list[float]]]:
    """Rounds, and the values of each metric at them."""
    with next(run.glob("csv/*/metrics.csv")).open() as file:
        rows = [row for row in csv.DictReader(file) if row.get("validation/modes_covered")]
    values = {name: [float(row[f"validation/{name}"]) for row in rows] for name in MEASURED}
    return [float(row["progress/rounds"]) for row in rows], values


def main() -> None:
    """Prints a table in Markdown, writes the picture."""
    picture, *runs = sys.argv[1:]
    figure, axes = pyplot.subplots(2, 3, figsize=(10, 6.6), layout="constrained")
    print("| unrolled steps | modes covered | high quality | reverse KL, nats |\n|---|---|---|---|")
    for panel, run in zip(axes[0], map(Path, runs), strict=False):
        config = OmegaConf.to_container(OmegaConf.load(run / "config.yaml"), resolve=True)
        steps, data, model = config["model"]["unrolled_steps"], build_data(config), genzoo.load(run)
        metrics = json.loads((run / "metrics.json").read_text())["metrics"]
        values = [metrics[f"test/{name}"] for name in MEASURED]
        print(f"| {steps} | {values[0]:.0f} of 8 | {values[1]:.3f} | {values[2]:.3f} |")

        x, y = (model.sample(2500, generator=generator(0, "ring")).flatten(1) * data.extent).T
        panel.scatter(*data.centres.T, s=120, facecolors="none", edgecolors="tab:gray")
        panel.scatter(x, y, s=2, alpha=0.3, linewidths=0)
        panel.set(title=f"{steps} unrolled steps", aspect="equal", xlim=(-2.6, 2.6), ylim=(-2.6, 2.6))
        rounds, measured = curves(run)
        for curve, (name, title) in zip(axes[1], MEASURED.items(), strict=True):
            curve.plot(rounds, measured[name], label=f"{steps} unrolled steps")
            curve.set(title=title, xlabel="rounds")
    for panel in axes[0][len(runs) :]:
        panel.axis("off")
    axes[1][0].legend()
    figure.savefig(picture, dpi=80)


if __name__ == "__main__":
    main()
