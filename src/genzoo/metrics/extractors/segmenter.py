"""A small segmenter of photographs, trained on a data set's own pairs of photographs and label maps."""

import logging
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.core.hashes import hash_of_content
from genzoo.core.images import from_levels
from genzoo.core.randomness import generator, seed_all
from genzoo.metrics.extractors.classifier import read_facts, save_weights

log = logging.getLogger("genzoo")

WIDTH = 32  #: feature maps
DILATIONS = (1, 2, 4, 8)  #: of the convolutions at half resolution
STEPS, BATCH, SEED = 1000, 16, 0  # of the training, the same for all runs


class Segmenter(nn.Module):
    """A convolution of stride 2, dilated ones, and logits that are enlarged to the size of the images.

    Args:
        channels: number of channels of the images.
        classes: number of classes of pixels.

    Example:
        >>> Segmenter(3, 2)(torch.zeros(1, 3, 64, 64, dtype=torch.uint8)).shape
        torch.Size([1, 2, 64, 64])
    """

    def __init__(self, channels: int, classes: int):
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, WIDTH, 4, 2, 1), nn.BatchNorm2d(WIDTH), nn.ReLU()]
        for d in DILATIONS:
            layers += [nn.Conv2d(WIDTH, WIDTH, 3, padding=d, dilation=d), nn.BatchNorm2d(WIDTH), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(WIDTH, classes, 1))
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        """Levels, uint8 (B, C, H, W) -> logits (B, classes, H, W)."""
        return F.interpolate(self.layers(from_levels(images)), images.shape[2:], mode="bilinear")


def segmenter_of(images: Tensor, classes: Tensor, n: int, cache: Path, device: torch.device) -> Segmenter:
    """The segmenter of pairs, in evaluation mode; it is trained once and stored.

    Args:
        images: photographs, levels, uint8 (N, C, H, W).
        classes: of their pixels, int64 (N, H, W).
        n: number of classes.
        cache: folder for trained networks.
        device: device to train on, and of the result.
    """
    path = cache / "segmenters" / f"{hash_of_content(images, classes)}-{WIDTH}-{STEPS}-seed{SEED}.pt"
    with torch.random.fork_rng(devices=[]):  # the global generator's state must not change
        seed_all(SEED, torch.device("cpu"))
        network = Segmenter(images.shape[1], n).to(device)
    try:
        read_facts(path)
    except GenzooError:  # not trained yet, or damaged
        log.info(f"Training a segmenter for fcn_score once; it is stored in {path}")
        train(network, images.to(device), classes.to(device))
        save_weights(network, path, {"images": len(images), "classes": n, "seed": SEED})
    else:
        network.load_state_dict(torch.load(path, map_location=device, weights_only=True))
    return network.eval()


def train(network: Segmenter, images: Tensor, classes: Tensor) -> None:
    """Minimises the cross-entropy of pixels, on random batches, every second of them reflected."""
    optimizer = torch.optim.Adam(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=STEPS)
    draws = generator(SEED, "segmenter")
    with torch.enable_grad():
        for step in range(STEPS):
            chosen = torch.randint(len(images), (BATCH,), generator=draws).to(images.device)
            x, wanted = images[chosen], classes[chosen]
            if step % 2:
                x, wanted = x.flip(-1), wanted.flip(-1)
            optimizer.zero_grad()
            F.cross_entropy(network(x), wanted).backward()
            optimizer.step()
            schedule.step()
