"""The Laplacian pyramid: a coarse image, and the residual of each finer one."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F


def reduced(images: Tensor) -> Tensor:
    """d(x): means of 2 x 2 pixels of images (B, C, H, W)."""
    return F.avg_pool2d(images, 2)


def expanded(images: Tensor) -> Tensor:
    """u(x): images (B, C, H, W) of twice the height and width, bilinear."""
    return F.interpolate(images, scale_factor=2, mode="bilinear", align_corners=False)


def residual(images: Tensor) -> Tensor:
    """h = x - u(d(x)) of images (B, C, H, W)."""
    return images - expanded(reduced(images))


def rebuilt(coarse: Tensor, residuals: Sequence[Tensor]) -> Tensor:
    """The finest image: x <- u(x) + h for each residual h, from the coarsest to the finest.

    Args:
        coarse: (B, C, H, W).
        residuals: each of twice the height and width of the one before it.

    >>> import torch
    >>> x = torch.rand(1, 1, 8, 8)
    >>> middle = reduced(x)
    >>> torch.allclose(rebuilt(reduced(middle), [residual(middle), residual(x)]), x)
    True
    """
    for h in residuals:
        coarse = expanded(coarse) + h
    return coarse
