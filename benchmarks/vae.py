"""The cost of a round of a variational autoencoder through train.py's whole path, beside a bare PyTorch loop.

    python benchmarks/vae.py iaf_vae                # residual networks, two flow steps: the bar is 1.1x on a CPU
    python benchmarks/vae.py vae --rounds 5000      # perceptrons, the same bar: missed (see benchmarks/README.md)
    python benchmarks/vae.py iaf_vae --device cuda

In one process, blocks of rounds of the run and of the bare loop take turns; the ratio counts, not the times.
"""

import argparse
import math

import torch
from round import SideBySide, side_by_side
from torch.nn import functional as F

from genzoo.core.images import from_levels
from genzoo.runs.build import build_data, build_module

SETTING = ["data=shapes", "data.size=28", "data.channels=1", "data.levels=2"]


def bare_round(config, device):
    """A function that plays a round of the plainest loop: no Lightning, no checks, no logs; the averages are kept."""
    data, module = build_data(config), build_module(config).to(device)
    module.initialise(data.initial().to(device))
    images, batch, latents = data.split("train").images.to(device), data.batch_size, module.latent.width
    networks = [module.encoder, module.posterior, module.decoder]
    optimizer = module.optimizer_factories["model"]([p for network in networks for p in network.parameters()])

    def play():
        x = from_levels(images[torch.randint(len(images), (batch,), device=device)], 2)
        mean, log_std, context = module.encoder(x).split([latents, latents, module.posterior.context], 1)
        noise = torch.randn_like(mean)
        z, log_q = module.posterior(mean, log_std, context, noise)
        if module.posterior.gaussian:
            kl = 0.5 * (mean**2 + torch.exp(2 * log_std) - 1) - log_std
        else:
            kl = log_q + 0.5 * z**2 + 0.5 * math.log(2 * math.pi)
        cross_entropy = F.binary_cross_entropy_with_logits(module.decoder(z), (x + 1) / 2, reduction="sum")
        optimizer.zero_grad()
        ((kl.sum() + cross_entropy) / batch).backward()
        optimizer.step()
        for name, average in module.averages.items():
            average.update(getattr(module, name))

    return play


def main():
    """Prints one line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=["vae", "iaf_vae"])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--rounds", type=int, default=400)
    options = parser.parse_args()
    SideBySide.first, SideBySide.measured, SideBySide.block = 20_000, options.rounds, 20
    given = [f"model={options.model}", *SETTING, "metrics=none"]
    genzoo, bare = side_by_side(given, bare_round, torch.device(options.device))
    print(f"{options.model}: genzoo {genzoo:.2f} ms a round, bare {bare:.2f} ms, {genzoo / bare:.3f}x")


if __name__ == "__main__":
    main()
