"""Where shapes are: the extreme points of their outlines."""

import math

import torch
from torch import Tensor

from genzoo.data.shapes import HALF_WIDTH, LONG, WIDE

CORNERS = 360  #: number of points that stand for an ellipse


def outline_points(factors: Tensor) -> Tensor:
    """Points (n, 360, 2) whose convex hull is each shape's.

    Args:
        factors: (n, 6), see ``genzoo.data.shapes.FACTORS``.

    Returns:
        x from the left and y from the top, in widths of the image; in no order, some of them several times.
    """
    kind, _, radius, x, y, angle = factors.T
    u, v = _in_own_frame()[kind.long()].unbind(2)
    cosine, sine = angle.cos()[:, None], angle.sin()[:, None]
    dx, dy = u * cosine - v * sine, u * sine + v * cosine
    return torch.stack([x[:, None] + radius[:, None] * dx, y[:, None] + radius[:, None] * dy], 2)


def extreme_points(factors: Tensor) -> Tensor:
    """The leftmost, rightmost, uppermost and lowest point of each shape, (n, 4, 2); see ``outline_points``."""
    points = outline_points(factors)
    x, y = points.unbind(2)
    chosen = torch.stack([x.argmin(1), x.argmax(1), y.argmin(1), y.argmax(1)], 1)
    return points.gather(1, chosen[..., None].expand(-1, -1, 2))


def _in_own_frame() -> Tensor:
    """The points of each kind, upright with radius 1, (4, 360, 2); see ``genzoo.data.shapes.KINDS``."""
    around = torch.arange(CORNERS) * (2 * math.pi / CORNERS)
    side, base, tip = math.sqrt(0.5), math.sqrt(0.75), -1.0
    kinds = [
        torch.tensor([[s * side, t * side] for s in (-1, 1) for t in (-1, 1)]),
        torch.stack([around.cos(), HALF_WIDTH * around.sin()], 1),
        torch.tensor([[0.0, tip], [-base, 0.5], [base, 0.5]]),
        torch.tensor([[s * a, t * b] for a, b in ((LONG, WIDE), (WIDE, LONG)) for s in (-1, 1) for t in (-1, 1)]),
    ]
    return torch.stack([points[torch.arange(CORNERS) % len(points)] for points in kinds])
