"""Images a second of DCGAN's training, beside a plain loop: eager, float32, no channels_last, two generator passes.

    python benchmarks/dcgan.py                              # float32
    python benchmarks/dcgan.py trainer.precision=bf16-mixed # further overrides of train.py
    python benchmarks/dcgan.py --device cuda

32 x 32 colour pixels, batch 64, width 128. In one process, blocks of rounds of the run and of the plain loop take
turns; the ratio counts, not the times.
"""

import argparse

import torch
from round import SideBySide, side_by_side
from torch.nn import functional as F

from genzoo.core.images import from_levels
from genzoo.runs.build import build_data, build_module

SETTING = ["model=dcgan", "data=shapes", "data.size=32", "data.channels=3", "recipe.batch_size=64", "metrics=none"]


def plain_round(config, device):
    """A function that plays a round as the common scripts do."""
    data, module = build_data(config), build_module(config | {"channels_last": False, "compile": False}).to(device)
    images, batch = data.split("train").images.to(device), data.batch_size
    generator, discriminator = module.generator, module.discriminator
    optimizers = [
        torch.optim.Adam(network.parameters(), 2e-4, betas=(0.5, 0.999)) for network in (discriminator, generator)
    ]

    def fakes():
        return generator(torch.rand(batch, 100, device=device) * 2 - 1)

    def play():
        real = from_levels(images[torch.randint(len(images), (batch,), device=device)])
        optimizers[0].zero_grad()
        loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fakes().detach())).mean()
        loss.backward()
        optimizers[0].step()
        optimizers[1].zero_grad()
        F.softplus(-discriminator(fakes())).mean().backward()
        optimizers[1].step()

    return play


def main():
    """Prints one line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    SideBySide.first, SideBySide.measured, SideBySide.block = 5000, options.rounds, 5
    device = torch.device(options.device)
    each = side_by_side([*SETTING, "logger=csv", *options.overrides], plain_round, device)
    ours, plain = (64_000 / milliseconds for milliseconds in each)
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    print(f"dcgan {' '.join(options.overrides)}, {name}: {ours:.0f} images/s, plain {plain:.0f}, {ours / plain:.2f}x")


if __name__ == "__main__":
    main()
