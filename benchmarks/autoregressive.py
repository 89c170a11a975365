"""The cost of a round of an autoregressive model through train.py's whole path, beside a bare PyTorch loop.

    python benchmarks/autoregressive.py             # experiment=gated_pixelcnn/mnist; at most 1.1x on a CPU
    python benchmarks/autoregressive.py model=row_lstm --rounds 100
    python benchmarks/autoregressive.py model=pixelcnn_pp data.levels=256 recipe.full.hidden=16 --rounds 50
    python benchmarks/autoregressive.py --device cuda

In one process, blocks of rounds of the run and of the bare loop take turns; the ratio counts, not the times. Pictures
and likelihoods on the way are left out unless --rounds reaches the next of them; 3,000 rounds of the experiment's
60,000 hold each in proportion.
"""

import argparse

import torch
from round import SideBySide, side_by_side

from genzoo.core.images import from_levels
from genzoo.runs.build import build_data, build_module

SETTING = ["data=shapes", "data.size=28", "data.channels=1", "data.levels=2", "data.n_train=5000", "metrics=samples"]
DEFAULT = ["experiment=gated_pixelcnn/mnist"]


def bare_round(config, device):
    """A function that plays a round of the plainest loop: no Lightning, no checks, no logs; the averages are kept."""
    data, module = build_data(config), build_module(config).to(device)
    module.initialise(data.initial().to(device))
    images, labels = (field.to(device) for field in data.split("train")[:2])
    network, log_prob, batch = module.network, module.likelihood.log_prob, data.batch_size
    optimizer = module.optimizer_factories["model"]([*network.parameters(), *module.likelihood.parameters()])

    def play():
        chosen = torch.randint(len(images), (batch,), device=device)
        x = from_levels(images[chosen], module.levels)
        optimizer.zero_grad()
        (-log_prob(x, network(x, labels[chosen])).sum() / batch).backward()
        optimizer.step()
        for name, average in module.averages.items():
            average.update(getattr(module, name))

    return play


def main():
    """Prints one line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--rounds", type=int, default=300)
    options = parser.parse_args()
    SideBySide.first, SideBySide.measured, SideBySide.block = 20_000, options.rounds, 10
    given = options.overrides or DEFAULT
    genzoo, bare = side_by_side([*SETTING, *given], bare_round, torch.device(options.device))
    print(f"{' '.join(given)}: genzoo {genzoo:.2f} ms a round, bare {bare:.2f} ms, {genzoo / bare:.3f}x")


if __name__ == "__main__":
    main()
