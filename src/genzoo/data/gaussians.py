"""Points in the plane from mixtures of Gaussians, for which covered and missed modes can be counted."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.checks import check_integer
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.data.facts import check_facts
from genzoo.data.module import ImageData, split_of
from genzoo.data.sizes import split_sizes


class Gaussians(ImageData):
    """Base of the mixtures of equally likely isotropic Gaussians. A point is an "image" (2, 1, 1), its label the mode.

    Models are trained on points / ``extent``, which lie in [-1, 1]; ``centres``, ``std`` and ``extent`` are in the
    source's units.

    Args:
        centres: centres of the modes, (K, 2).
        std: standard deviation of each coordinate within a mode.
        n_train, n_validation, n_test: number of points.
        points_seed: seed of the points; the same seed gives the same points.
        batch_size: points per batch over all ranks.
        options: settings of ``ImageData``, and facts that the configuration states (size, channels, levels, classes),
            which are checked.

    Raises:
        GenzooError: a setting is out of range.
    """

    facts: ClassVar[dict[str, int | None]] = {"size": 1, "channels": 2, "levels": None}

    def __init__(
        self,
        centres: Tensor,
        std: float,
        n_train: int = 50_000,
        n_validation: int = 1_000,
        n_test: int = 10_000,
        points_seed: int = 0,
        batch_size: int = 512,
        **options: Any,
    ):
        options = check_facts(self.name, {**self.facts, "classes": len(centres)}, options)
        self.numbers = split_sizes(n_train, n_validation, n_test)
        super().__init__(batch_size=batch_size, **options)
        self.centres, self.std = centres, _positive("std", std)
        self.extent = float(centres.abs().max()) + 10 * self.std  # ten deviations: no draw lies outside
        self.points_seed = points_seed

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits."""
        return {split: self._draw(split, n) for split, n in self.numbers.items()}

    def _draw(self, split: str, n: int) -> ImageSet:
        randomness = generator(self.points_seed, self.name, split)
        labels = torch.randint(len(self.centres), (n,), generator=randomness)
        points = self.centres[labels] + self.std * torch.randn(n, 2, generator=randomness)
        return split_of((points / self.extent).view(n, 2, 1, 1), labels)


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


def _positive(key: str, value: float) -> float:
    if not isinstance(value, int | float) or not value > 0:
        raise GenzooError(f"data.{key}={value}: a positive number is needed.")
    return float(value)
