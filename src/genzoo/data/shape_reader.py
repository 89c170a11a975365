"""Factors of shapes, read from their images."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from genzoo.data.shapes import HALF_WIDTH, KINDS, draw

AREAS = (2.0, HALF_WIDTH * math.pi, 0.75 * math.sqrt(3), 2.0)  #: of each kind, of radius 1
ANGLES = 12  #: number of angles that are compared
LEAST = 4.0  #: area in pixels below which an image shows nothing


class Read(NamedTuple):
    """What images (N, 3, H, W) show; see ``genzoo.data.shapes.FACTORS``.

    Args:
        shown: whether there is anything, bool (N,).
        kind, hue, radius, x, y: of the shape, (N,).
    """

    shown: Tensor
    kind: Tensor
    hue: Tensor
    radius: Tensor
    x: Tensor
    y: Tensor


def read_shapes(images: Tensor) -> Read:
    """Finds the shape of each image on black.

    The centre is that of the brightness, the colour its mean, and the kind that of the drawing, of the same area and in
    any of 12 angles, whose intersection over union with the brightness is largest.

    Args:
        images: colour images, levels, uint8 (N, 3, H, H).
    """
    colours = images.float() / 255
    cover = colours.amax(1)
    n, size, _ = cover.shape
    area = cover.sum((1, 2)).clamp(min=1e-6)
    places = (torch.arange(size) + 0.5) / size
    x, y = (cover.sum(axis) @ places / area for axis in (1, 2))
    mean = (colours * cover[:, None]).sum((2, 3)) / area[:, None]

    # Draw each kind at each angle, as large as the image's area says.
    radii = (area[:, None] / size**2 / torch.tensor(AREAS)).sqrt()
    kinds = torch.arange(len(KINDS)).repeat_interleave(ANGLES)
    angles = torch.arange(ANGLES).repeat(len(KINDS)) * (math.pi / 2 / ANGLES)
    likeness = torch.empty(n, len(kinds))
    for j, (kind, angle) in enumerate(zip(kinds.tolist(), angles.tolist(), strict=True)):
        constant = torch.ones(n)
        factors = torch.stack([kind * constant, constant, radii[:, kind], x, y, angle * constant], 1)
        drawn = draw(factors, size, channels=1)[:, 0].float() / 255
        likeness[:, j] = torch.minimum(drawn, cover).sum((1, 2)) / torch.maximum(drawn, cover).sum((1, 2))
    kind = kinds[likeness.argmax(1)]
    return Read(area >= LEAST, kind, hue_of(mean), radii.gather(1, kind[:, None])[:, 0], x, y)


def boxes_of(images: Tensor) -> Tensor:
    """The edges of what is brighter than half, (n, 4): left, upper, right, lower, in widths of the image.

    Args:
        images: levels, uint8 (n, 3, H, H); without any such pixel, the edges are not a number.

    >>> one = torch.zeros(1, 3, 4, 4, dtype=torch.uint8)
    >>> one[0, :, 1, 2:] = 255
    >>> boxes_of(one)
    tensor([[0.5000, 0.2500, 1.0000, 0.5000]])
    """
    bright = images.amax(1) > 127
    edges = [_edges(bright.any(axis)) for axis in (1, 2)]
    return torch.stack([edge for pair in zip(*edges, strict=True) for edge in pair], 1).float()


def _edges(lit: Tensor) -> tuple[Tensor, Tensor]:
    """The first and the last edge of the pixels of each row that are lit, as fractions; not a number if none is."""
    n = lit.shape[1]
    first, behind = lit.float().argmax(1) / n, 1 - lit.flip(1).float().argmax(1) / n
    return tuple(edge.where(lit.any(1), torch.nan) for edge in (first, behind))  # type: ignore[return-value]


def hue_of(colours: Tensor) -> Tensor:
    """Hues in [0, 1) of colours (N, 3); 0 of greys.

    >>> hue_of(torch.tensor([[0.0, 0.5, 0.0], [1.0, 0.0, 1.0]]))
    tensor([0.3333, 0.8333])
    """
    red, green, blue = colours.T
    most, least = colours.amax(1), colours.amin(1)
    chroma = (most - least).clamp(min=1e-9)
    sixths = torch.where(
        most == red,
        (green - blue) / chroma,
        torch.where(most == green, 2 + (blue - red) / chroma, 4 + (red - green) / chroma),
    )
    return sixths / 6 % 1
