"""Drawings of diagrams: a hand, a dot on a ring, bars, a frame."""

import functools

import torch
from torch import Tensor

VALUES = {"hand": 8, "dot": 8, "bars": 4, "frame": 2}  #: attribute -> number of its values
SIZE = 32  #: height and width in pixels


@functools.cache
def strokes() -> dict[str, Tensor]:
    """Attribute -> the pixels that each of its values fills, bool (values, 32, 32).

    The hand points to one of eight directions, and the dot lies in one of eight places on a ring, from the top
    clockwise. Bars stand at the lower left, one to four of them. The frame is absent or present.
    """
    y, x = torch.meshgrid(*2 * [torch.arange(SIZE).add(0.5).mul(2 / SIZE).sub(1)], indexing="ij")  # in [-1, 1]
    angle = torch.arange(8).view(-1, 1, 1) * (torch.pi / 4)
    right, down = angle.sin(), -angle.cos()  # of the direction
    along, across = x * right + y * down, (x * down - y * right).abs()
    pixel = 2 / SIZE
    column = ((x + 0.8) / (2.5 * pixel)).floor()  # bars are 2.5 pixels apart
    in_bar = ((x + 0.8) % (2.5 * pixel) < 1.5 * pixel) & (y > 0.55) & (y < 0.8) & (column >= 0)
    return {
        "hand": (along > 0) & (along < 0.42) & (across < 1.2 * pixel),
        "dot": (x - 0.62 * right).square() + (y - 0.62 * down).square() < (1.6 * pixel) ** 2,
        "bars": in_bar & (column <= torch.arange(4).view(-1, 1, 1)),
        "frame": (torch.maximum(x.abs(), y.abs()) > 1 - 1.1 * pixel) & torch.tensor([False, True]).view(-1, 1, 1),
    }


def draw(values: Tensor) -> Tensor:
    """Diagrams, levels 0 and 1, uint8 (..., 32, 32), of the values of the attributes, int64 (..., 4)."""
    parts = [strokes()[name][value] for name, value in zip(VALUES, values.unbind(-1), strict=True)]
    return torch.stack(parts).any(0).to(torch.uint8)
