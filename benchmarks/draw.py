"""The cost of a round of draw through train.py's whole path, beside a bare PyTorch loop of the paper's equations.

    python benchmarks/draw.py                       # ten steps; at most 1.1x on a CPU
    python benchmarks/draw.py model=draw_no_attention
    python benchmarks/draw.py recipe.full.steps=64 --rounds 40
    python benchmarks/draw.py --device cuda

In one process, blocks of rounds of the run and of the bare loop take turns; the ratio counts, not the times.
"""

import argparse

import torch
from round import SideBySide, side_by_side
from torch import nn
from torch.nn import functional as F

from genzoo.runs.build import build_data

SETTING = ["data=shapes", "data.size=28", "data.channels=1", "data.levels=2", "data.n_train=5000"]
READ, WRITE, PIXELS = 2, 5, 28


class Plain(nn.Module):
    """DRAW as one would write it for MNIST, the divergence step by step and nothing kept but the loss."""

    def __init__(self, steps, hidden, units, attention):
        super().__init__()
        self.steps, self.hidden, self.units, self.attention = steps, hidden, units, attention
        self.encoder = nn.LSTMCell((2 * READ**2 if attention else 2 * PIXELS**2) + hidden, hidden)
        self.decoder = nn.LSTMCell(units, hidden)
        self.mean, self.log_std = nn.Linear(hidden, units), nn.Linear(hidden, units)
        self.write = nn.Linear(hidden, WRITE**2 if attention else PIXELS**2)
        if attention:
            self.where_to_read, self.where_to_write = nn.Linear(hidden, 5), nn.Linear(hidden, 5)

    def window(self, numbers, n):
        """F_Y, F_X and gamma."""
        x, y, log_variance, log_stride, log_intensity = numbers.split(1, 1)
        x, y = (PIXELS + 1) / 2 * (x + 1), (PIXELS + 1) / 2 * (y + 1)
        stride, variance = (PIXELS - 1) / (n - 1) * torch.exp(log_stride), torch.exp(log_variance)
        offsets = (torch.arange(1, n + 1, device=x.device) - n / 2 - 0.5) * stride
        pixels = torch.arange(1, PIXELS + 1, device=x.device)
        banks = []
        for centre in (y, x):
            bank = torch.exp(-((pixels - (centre + offsets)[:, :, None]) ** 2) / (2 * variance[:, :, None]))
            banks.append(bank / (bank.sum(2, keepdim=True) + 1e-8))
        return *banks, torch.exp(log_intensity)

    def forward(self, x):
        """The loss of images (B, 784)."""
        n, kl = len(x), 0.0
        canvas = torch.zeros_like(x)
        h, c, h_dec, c_dec = (x.new_zeros(n, self.hidden) for _ in range(4))
        for _ in range(self.steps):
            error = x - torch.sigmoid(canvas)
            if self.attention:
                f_y, f_x, gamma = self.window(self.where_to_read(h_dec), READ)
                glimpses = [(f_y @ image.view(n, PIXELS, PIXELS) @ f_x.mT).flatten(1) for image in (x, error)]
                read = gamma * torch.cat(glimpses, 1)
            else:
                read = torch.cat([x, error], 1)
            h, c = self.encoder(torch.cat([read, h_dec], 1), (h, c))
            mean, log_std = self.mean(h), self.log_std(h)
            std = torch.exp(log_std)
            z = mean + std * torch.randn_like(mean)
            kl = kl + 0.5 * (mean**2 + std**2 - 2 * log_std - 1).sum(1)
            h_dec, c_dec = self.decoder(z, (h_dec, c_dec))
            written = self.write(h_dec)
            if self.attention:
                f_y, f_x, gamma = self.window(self.where_to_write(h_dec), WRITE)
                written = (f_y.mT @ written.view(n, WRITE, WRITE) @ f_x).flatten(1) / gamma
            canvas = canvas + written
        return (F.binary_cross_entropy_with_logits(canvas, x, reduction="none").sum(1) + kl).mean()


def bare_round(config, device):
    """A function that plays a round of the plainest loop: no Lightning, no checks, no logs."""
    data, widths = build_data(config), config["recipe"]["full"]
    images, batch = data.split("train").images.flatten(1).to(device), data.batch_size
    model = Plain(**widths, attention=config["recipe"]["name"] == "draw").to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-4, fused=True)

    def play():
        x = images[torch.randint(len(images), (batch,), device=device)].float()
        optimizer.zero_grad()
        model(x).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10)
        optimizer.step()

    return play


def main():
    """Prints one line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("overrides", nargs="*", default=[])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    SideBySide.first, SideBySide.measured, SideBySide.block = 10_000, options.rounds, 5
    given = ["model=draw", "recipe.full.steps=10", *SETTING, "metrics=none", *options.overrides]
    genzoo, bare = side_by_side(given, bare_round, torch.device(options.device))
    print(f"draw: genzoo {genzoo:.1f} ms a round, bare {bare:.1f} ms, {genzoo / bare:.3f}x")


if __name__ == "__main__":
    main()
