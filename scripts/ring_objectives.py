"""Trains every objective on the ring of eight Gaussians and draws the samples side by side.

    python scripts/ring_objectives.py docs/images/ring-objectives.png

The same perceptrons, 2 noise dimensions, batches of 512 and Adam (1e-3, β₁ 0.5) for all.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from hydra import compose, initialize_config_dir
from matplotlib import pyplot
from omegaconf import OmegaConf

from genzoo.core.randomness import generator
from genzoo.runs.build import build_data
from genzoo.runs.train import train

ROOT = Path(__file__).parents[1]
PENALTIES = "genzoo.adversarial.penalties"
R1 = f"+model.penalties={{r1: {{_target_: {PENALTIES}.R1, weight: 0.1}}}}"
# gan_toy.py of improved_wgan_training: λ = 0.1, five steps of the critic
GP = f"+model.penalties={{gradient_penalty: {{_target_: {PENALTIES}.GradientPenalty, weight: 0.1}}}}"
FIVE = "+model.round={_target_: genzoo.adversarial.rounds.Alternating, discriminator_steps: 5}"


def objective(name: str, *overrides: str) -> list[str]:
    """Overrides that choose an objective."""
    return [f"model.objective={{_target_: genzoo.adversarial.objectives.{name}}}", *overrides]


GAMES = {
    "minimax": objective("Minimax"),
    "non-saturating": objective("NonSaturating"),
    "non-saturating, R1": objective("NonSaturating", R1),
    "least squares, 0 1": objective("LeastSquares"),
    "least squares, -1 1 0": objective(
        "LeastSquares",
        *(f"+model.objective.{key}={value}" for key, value in (("fake", -1), ("real", 1), ("wanted", 0))),
    ),
    "hinge": objective("Hinge"),
    "hinge, R1": objective("Hinge", R1),
    "Wasserstein, clipping": objective("Wasserstein", "+model.weight_clip=0.1", FIVE),
    "Wasserstein, penalty": objective("Wasserstein", GP, FIVE),
}


def main() -> None:
    """Trains, prints a table in Markdown, writes the picture."""
    figure, axes = pyplot.subplots(3, 3, figsize=(9, 9.6), sharex=True, sharey=True, layout="constrained")
    print("| objective | modes covered | high quality | reverse KL, nats |\n|---|---|---|---|")
    with TemporaryDirectory() as folder, initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        fixed = ["model=gan_2d", "data=ring", "trainer=cpu", "logger=none", "seed=0"]
        for i, (panel, (name, overrides)) in enumerate(zip(axes.flat, GAMES.items(), strict=True)):
            cfg = compose("train", [*fixed, f"paths.runs={folder}/{i}", *overrides])
            run = train(cfg)
            covered, quality, kl = (
                run.metrics[f"test/{m}"] for m in ("modes_covered", "high_quality", "modes_reverse_kl")
            )
            print(f"| {name} | {covered:.0f} of 8 | {quality:.3f} | {kl:.3f} |", flush=True)

            data = build_data(OmegaConf.to_container(cfg, resolve=True))
            x, y = (run.model.sample(2500, generator=generator(0, "ring")).flatten(1) * data.extent).T
            panel.scatter(*data.centres.T, s=120, facecolors="none", edgecolors="tab:gray")
            panel.scatter(x, y, s=2, alpha=0.3, linewidths=0)
            panel.set(title=f"{name}: {covered:.0f} of 8", aspect="equal", xlim=(-2.6, 2.6), ylim=(-2.6, 2.6))
    figure.savefig(sys.argv[1], dpi=80)


if __name__ == "__main__":
    main()
