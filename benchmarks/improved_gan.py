"""The cost of a round of improved_gan (MNIST) through train.py's whole path, beside a bare PyTorch loop.

    python benchmarks/improved_gan.py                 # at most 1.2x on a CPU
    python benchmarks/improved_gan.py --device cuda   # and at least 500 rounds a second

In one process, blocks of rounds of the run and of the bare loop take turns; the ratio counts, not the times.
"""

import argparse

import torch
from round import SideBySide, side_by_side
from torch.nn import functional as F

from genzoo.core.images import from_levels
from genzoo.runs.build import build_data, build_module

SETTING = ["model=improved_gan", "data=shapes", "data.size=28", "data.channels=1", "data.labels_per_class=25"]


def bare_round(config, device):
    """A function that plays a round of the plainest loop: no Lightning, no checks, no logs; the average is kept."""
    data, module = build_data(config), build_module(config).to(device)
    images, labels = (field.to(device) for field in data.pools()["labelled"][:2])
    everything = data.split("train").images.to(device)
    generator, discriminator, batch = module.generator, module.discriminator, data.batch_size
    average = module.averages["discriminator"]
    parameters = [*discriminator.parameters()]
    d_optimizer = module.optimizer_factories["discriminator"](parameters)
    g_optimizer = module.optimizer_factories["generator"]([p for p in generator.parameters() if p.requires_grad])

    def codes():
        return torch.rand(batch, 100, device=device) * 2 - 1

    def drawn(n):
        return torch.randint(n, (batch,), device=device)

    def play():
        chosen = drawn(len(images))
        with torch.no_grad():
            fake = generator(codes())
        seen = [from_levels(images[chosen]), from_levels(everything[drawn(len(everything))]), fake]
        known, real, generated = discriminator(torch.cat(seen)).chunk(3)
        z_real, z_generated = real.logsumexp(1), generated.logsumexp(1)
        game = (F.softplus(z_real) - z_real).mean() / 2 + F.softplus(z_generated).mean() / 2
        d_optimizer.zero_grad()
        (F.cross_entropy(known, labels[chosen]) + game).backward()
        d_optimizer.step()
        average.update(discriminator)
        for p in parameters:
            p.requires_grad_(False)
        with torch.no_grad():
            target = discriminator.features(from_levels(everything[drawn(len(everything))])).mean(0)
        g_optimizer.zero_grad()
        (discriminator.features(generator(codes())).mean(0) - target).square().mean().backward()
        g_optimizer.step()
        for p in parameters:
            p.requires_grad_(True)

    return play


def main():
    """Prints one line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--rounds", type=int, default=600)
    options = parser.parse_args()
    SideBySide.first, SideBySide.measured, SideBySide.block = 20_000, options.rounds, 20
    genzoo, bare = side_by_side([*SETTING, "metrics=none"], bare_round, torch.device(options.device))
    print(f"improved_gan: genzoo {genzoo:.2f} ms a round ({1000 / genzoo:.0f} a second), bare {bare:.2f} ms, ", end="")
    print(f"{genzoo / bare:.3f}x")


if __name__ == "__main__":
    main()
