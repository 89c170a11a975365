"""The cost of a round of pix2pix or CycleGAN through train.py's whole path, beside a bare PyTorch loop.

    python benchmarks/translation.py pix2pix
    python benchmarks/translation.py cyclegan               # 64 pixels, 32 feature maps, 6 blocks, batches of 1
    python benchmarks/translation.py cyclegan --device cuda

In one process, blocks of rounds of the run and of the bare loop take turns; the ratio counts, not the times. The bare
loops have the same networks and random images on the device: no data, no logs, no checks; CycleGAN's pool is a list.
"""

import argparse
import random

import torch
from round import SideBySide, side_by_side
from torch.nn import functional as F

from genzoo.runs.build import build_module

SIZE = ("data.size=64", "recipe.full.channels=32", "metrics=none")
PAIRS = ("data=shapes", "data.n_train=500")
DOMAINS = ("data=by_attribute", "data.data.name=shapes", "data.attribute=x", "+data.data.options.n_train=500")
SETTINGS = {
    "pix2pix": ["model=pix2pix", "pairs=edges", *PAIRS, *SIZE],
    "cyclegan": ["model=cyclegan", "recipe.full.blocks=6", *DOMAINS, *SIZE],
}


def adam(*networks):
    """The optimizer of both models."""
    parameters = [p for network in networks for p in network.parameters()]
    return torch.optim.Adam(parameters, 2e-4, betas=(0.5, 0.999), fused=True)


def frozen(networks, wanted):
    """Whether the networks' weights get gradients."""
    for network in networks:
        network.requires_grad_(wanted)


def pix2pix_round(config, device):
    """A function that plays a round of pix2pix."""
    module = build_module(config).to(device)
    generator, discriminator = module.generator, module.discriminator
    x, y = (2 * torch.rand(config["recipe"]["batch_size"], 3, 64, 64, device=device) - 1 for _ in range(2))
    x = x[:, : module.pairs.source[0]]
    g_optimizer, d_optimizer = adam(generator), adam(discriminator)

    def play():
        made = generator(x)
        d_optimizer.zero_grad()
        real, fake = discriminator(torch.cat([x, y], 1)), discriminator(torch.cat([x, made.detach()], 1))
        (F.softplus(-real).mean() + F.softplus(fake).mean()).backward()
        d_optimizer.step()
        frozen([discriminator], False)
        g_optimizer.zero_grad()
        adversarial = F.softplus(-discriminator(torch.cat([x, made], 1))).mean()
        (adversarial + 100 * (made - y).abs().mean()).backward()
        g_optimizer.step()
        frozen([discriminator], True)

    return play


def cyclegan_round(config, device):
    """A function that plays a round of CycleGAN."""
    module = build_module(config).to(device)
    to_a, to_b = module.generators["A"], module.generators["B"]
    of_a, of_b = module.discriminators["A"], module.discriminators["B"]
    x, y = (2 * torch.rand(config["recipe"]["batch_size"], 3, 64, 64, device=device) - 1 for _ in range(2))
    g_optimizer, d_optimizer = adam(to_a, to_b), adam(of_a, of_b)
    pools = [], []

    def shown(pool, images):
        if len(pool) < 50:
            pool.append(images)
            return images
        if random.random() < 0.5:
            return images
        place = random.randrange(50)
        pool[place], images = images, pool[place]
        return images

    def play():
        frozen([of_a, of_b], False)
        made_b, made_a = to_b(x), to_a(y)
        adversarial = (of_b(made_b) - 1).square().mean() + (of_a(made_a) - 1).square().mean()
        cycle = (to_a(made_b) - x).abs().mean() + (to_b(made_a) - y).abs().mean()
        g_optimizer.zero_grad()
        (adversarial + 10 * cycle).backward()
        g_optimizer.step()
        frozen([of_a, of_b], True)
        d_optimizer.zero_grad()
        for network, real, made, pool in ((of_a, x, made_a, pools[0]), (of_b, y, made_b, pools[1])):
            fake = shown(pool, made.detach())
            (((network(real) - 1).square().mean() + network(fake).square().mean()) / 2).backward()
        d_optimizer.step()

    return play


def main():
    """Prints a line per repetition."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=SETTINGS)
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--repetitions", type=int, default=1)
    options = parser.parse_args()
    SideBySide.first, SideBySide.measured, SideBySide.block = 5000, options.rounds, 5
    bare_round = {"pix2pix": pix2pix_round, "cyclegan": cyclegan_round}[options.model]
    for _ in range(options.repetitions):
        given = [*SETTINGS[options.model], "logger=csv", *options.overrides]
        genzoo, bare = side_by_side(given, bare_round, torch.device(options.device))
        print(f"{options.model}: genzoo {genzoo:.1f} ms a round, bare {bare:.1f} ms, {genzoo / bare:.3f}x", flush=True)


if __name__ == "__main__":
    main()
