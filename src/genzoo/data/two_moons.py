"""Points of two interleaved half circles."""

import math
from typing import Any

import torch
from torch import Generator, Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.points import Points


@register
class TwoMoons(Points):
    """Draws of two half circles of radius 1, each of which ends at the other's centre line. The label is the moon.

    With t uniform on [0, π], the upper moon's points are (cos t - 1/2, sin t - 1/4), the lower one's
    (1/2 - cos t, 1/4 - sin t), plus Gaussian noise.

    Args:
        std: standard deviation of each coordinate's noise.
        options: settings of ``Points``.

    Raises:
        GenzooError: a setting is out of range.

    Source: ``make_moons`` of scikit-learn, moved so that the mean is the origin.

    Example:
        >>> TwoMoons(n_train=100).split("train").images.shape
        torch.Size([100, 2, 1, 1])
    """

    name = "two_moons"

    def __init__(self, std: float = 0.05, **options: Any):
        if not std >= 0:
            raise GenzooError(f"data.std={std}: a number of at least 0 is needed.")
        self.std = std
        super().__init__(1.5 + 10 * std, 2, **options)  # ten deviations: no draw lies outside

    def draw(self, n: int, randomness: Generator) -> tuple[Tensor, Tensor]:
        """n points (n, 2) and their moons, 0 for the upper one, (n,)."""
        labels = torch.randint(2, (n,), generator=randomness)
        t = math.pi * torch.rand(n, generator=randomness)
        upper = torch.stack([t.cos() - 0.5, t.sin() - 0.25], dim=1)
        return (1 - 2 * labels[:, None]) * upper + self.std * torch.randn(n, 2, generator=randomness), labels
