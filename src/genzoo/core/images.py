"""Conversions between the ranges of pixel values.

Inside models, images are float in [-1, 1], (B, C, H, W). Data, likelihoods and metrics have *levels*: integers 0 .. n-1
as uint8 (256 levels for photographs, 2 for binary data). Networks that end in a sigmoid have the range [0, 1].
Continuous data, such as points in the plane, have no levels: they are floats in [-1, 1] everywhere.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def from_levels(levels: Tensor, n: int | None = 256) -> Tensor:
    """Converts levels 0 .. n-1 (uint8, any shape) to float32 in [-1, 1]; continuous data (n = None) stay unchanged.

    >>> from_levels(torch.tensor([0, 255], dtype=torch.uint8))
    tensor([-1.,  1.])
    """
    return levels if n is None else levels.float().mul_(2 / (n - 1)).sub_(1)


def to_levels(images: Tensor, n: int | None = 256) -> Tensor:
    """Converts images in [-1, 1] to the nearest levels 0 .. n-1 (uint8); values outside are clamped.

    Continuous data (n = None) stay unchanged.

    >>> to_levels(torch.tensor([-1.0, 0.001, 1.5]))
    tensor([  0, 128, 255], dtype=torch.uint8)
    """
    return images if n is None else ((images + 1) * ((n - 1) / 2)).round().clamp(0, n - 1).to(torch.uint8)


def dequantise(images: Tensor, n: int = 256) -> Tensor:
    """Adds uniform noise to images in [-1, 1] of levels 0 .. n-1: level k is spread over the k-th of n equal intervals.

    Source: igul222/improved_wgan_training, gan_cifar_resnet.py, and pfnet-research/sngan_projection, datasets/
        cifar10.py: k / 128 - 1 + U(0, 1/128).

    >>> spread = dequantise(torch.tensor([-1.0, 1.0]))
    >>> (spread * 128 + 128).floor()
    tensor([  0., 255.])
    """
    levels = (images + 1) * ((n - 1) / 2)
    return (levels.round() + torch.rand_like(levels)) * (2 / n) - 1


def to_unit(images: Tensor) -> Tensor:
    """Maps images from [-1, 1] to [0, 1]."""
    return (images + 1) / 2


def from_unit(images: Tensor) -> Tensor:
    """Maps images from [0, 1] to [-1, 1]."""
    return images * 2 - 1


def luma(images: Tensor) -> Tensor:
    """The luma (B, 1, H, W) of colour images (B, 3, H, W), in their range.

    Source: ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B.

    >>> luma(torch.tensor([1.0, -1.0, -1.0]).view(1, 3, 1, 1)).item()
    -0.402...
    """
    red, green, blue = images.split(1, 1)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def bicubic(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Resizes images (B, C, H, W) in [-1, 1] to (B, C, *size), each value to one of 256 levels.

    The kernel is Keys's with a = -1/2, widened where the image becomes smaller: Pillow's BICUBIC, up to rounding.

    >>> bicubic(torch.ones(1, 3, 8, 8), (2, 2)).unique()
    tensor([1.])
    """
    return from_levels(to_levels(F.interpolate(images, size, mode="bicubic", antialias=True)))
