"""The ranges that images live in, each conversion in one place.

Inside models images are float in [-1, 1], (B, C, H, W). Data, likelihoods and metrics hold *levels*: integers
0 .. n-1 as uint8 (256 levels for photographs, 2 for binary data). Networks that end in a sigmoid work in [0, 1].
Continuous data, such as points in the plane, have no levels: they are floats in [-1, 1] from the start.
"""

import torch
from torch import Tensor


def from_levels(levels: Tensor, n: int | None = 256) -> Tensor:
    """Levels 0 .. n-1 (uint8, any shape) as float32 in [-1, 1]; continuous data (n = None) as they are.

    >>> from_levels(torch.tensor([0, 255], dtype=torch.uint8))
    tensor([-1.,  1.])
    """
    return levels if n is None else levels.float().mul_(2 / (n - 1)).sub_(1)


def to_levels(images: Tensor, n: int = 256) -> Tensor:
    """Images in [-1, 1] as the nearest levels 0 .. n-1 (uint8); values outside are clamped.

    >>> to_levels(torch.tensor([-1.0, 0.001, 1.5]))
    tensor([  0, 128, 255], dtype=torch.uint8)
    """
    return ((images + 1) * ((n - 1) / 2)).round().clamp(0, n - 1).to(torch.uint8)


def dequantise(images: Tensor, n: int = 256) -> Tensor:
    """Images in [-1, 1] that stand for levels 0 .. n-1, each level k spread uniformly over its n-th of [-1, 1].

    Source: igul222/improved_wgan_training, gan_cifar_resnet.py, and pfnet-research/sngan_projection, datasets/
        cifar10.py: k / 128 - 1 + U(0, 1/128).

    >>> spread = dequantise(torch.tensor([-1.0, 1.0]))
    >>> (spread * 128 + 128).floor()
    tensor([  0., 255.])
    """
    levels = (images + 1) * ((n - 1) / 2)
    return (levels.round() + torch.rand_like(levels)) * (2 / n) - 1


def to_unit(images: Tensor) -> Tensor:
    """Images in [-1, 1] as [0, 1]."""
    return (images + 1) / 2


def from_unit(images: Tensor) -> Tensor:
    """Images in [0, 1] as [-1, 1]."""
    return images * 2 - 1
