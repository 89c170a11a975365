"""Points in the plane from mixtures of Gaussians, for which covered and missed modes can be counted."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, Tensor

from genzoo.core.checks import check_integer
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.points import Points


class Gaussians(Points):
    """Base of the mixtures of equally likely isotropic Gaussians. A point is an "image" (2, 1, 1), its label the mode.

    Args:
        centres: centres of the modes, (K, 2).
        std: standard deviation of each coordinate within a mode.
        reach: largest coordinate that a centre may have; None = that of the centres.
        options: settings of ``Points``.

    Raises:
        GenzooError: a setting is out of range.
    """

    def __init__(self, centres: Tensor, std: float, reach: float | None = None, **options: Any):
        self.centres, self.std = centres, _positive("std", std)
        reach = float(centres.abs().max()) if reach is None else reach
        super().__init__(reach + 10 * self.std, len(centres), **options)  # ten deviations: no draw lies outside

    def draw(self, n: int, randomness: Generator) -> tuple[Tensor, Tensor]:
        """n points (n, 2) and their modes (n,)."""
        labels = torch.randint(len(self.centres), (n,), generator=randomness)
        return self.centres[labels] + self.std * torch.randn(n, 2, generator=randomness), labels


@register
class Ring(Gaussians):
    """Gaussians equally spaced on a circle, the first one on the x axis.

    Args:
        modes: number of Gaussians.
        radius: radius of the circle.
        std: standard deviation of each coordinate within a mode.
        options: settings of ``Gaussians``.

    Raises:
        GenzooError: a setting is out of range.

    Source: Metz et al. 2017 (unrolled GAN), arXiv 1611.02163, section 3.1 and appendix A.

    Example:
        >>> ring = Ring(modes=4, radius=2.0, std=0.02, n_train=100)
        >>> ring.extent, ring.centres[0].tolist(), ring.split("train").images.shape
        (2.2, [2.0, 0.0], torch.Size([100, 2, 1, 1]))
    """

    name = "ring"

    def __init__(self, modes: int = 8, radius: float = 2.0, std: float = 0.02, **options: Any):
        angles = 2 * math.pi / check_integer("data.modes", modes, 2) * torch.arange(modes)
        centres = _positive("radius", radius) * torch.stack([angles.cos(), angles.sin()], dim=1)
        super().__init__(centres, std, **options)


@register
class Grid(Gaussians):
    """Gaussians on a square grid around the origin, row by row from the lower left.

    Args:
        side: number of rows, and of Gaussians per row.
        spacing: distance between neighbours.
        std: standard deviation of each coordinate within a mode.
        options: settings of ``Gaussians``.

    Raises:
        GenzooError: a setting is out of range.

    Source: Srivastava et al. 2017 (VEEGAN), arXiv 1705.07761, section 4.1; spacing and deviation as in Lin et al. 2018
    (PacGAN), arXiv 1712.04086, section 4.1.

    Example:
        >>> Grid(side=2, spacing=2.0).centres.tolist()
        [[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]]
    """

    name = "grid"

    def __init__(self, side: int = 5, spacing: float = 2.0, std: float = 0.05, **options: Any):
        line = _positive("spacing", spacing) * (torch.arange(check_integer("data.side", side, 2)) - (side - 1) / 2)
        super().__init__(torch.cartesian_prod(line, line).flip(1), std, **options)  # x runs fastest


@register
class Modes(Gaussians):
    """Gaussians at given places within the square from -1 to 1.

    Args:
        centres: of the Gaussians, pairs of x and y.
        std: standard deviation of each coordinate within a mode.
        options: settings of ``Gaussians``.

    Raises:
        GenzooError: there are no centres, or one is no pair of numbers from -1 to 1.

    Example:
        >>> Modes(centres=[[-0.5, 0.0], [0.5, 0.0]]).spec.classes
        2
    """

    name = "modes"

    def __init__(
        self, centres: Sequence[Sequence[float]] = ([-0.6, 0.0], [0.6, 0.0]), std: float = 0.02, **options: Any
    ):
        if not centres:
            raise GenzooError("data.centres=[]: at least one centre is needed, such as [[0.5, 0.0]].")
        for pair in centres:
            if not (
                isinstance(pair, Sequence)
                and len(pair) == 2
                and all(isinstance(x, int | float) and abs(x) <= 1 for x in pair)
            ):
                raise GenzooError(f"data.centres: {pair}: two numbers from -1 to 1 are needed.")
        super().__init__(torch.tensor([[*pair] for pair in centres], dtype=torch.float32), std, 1.0, **options)


def _positive(key: str, value: float) -> float:
    if not isinstance(value, int | float) or not value > 0:
        raise GenzooError(f"data.{key}={value}: a positive number is needed.")
    return float(value)
