"""Points of a noisy spiral in the plane, whose density is known."""

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor

from genzoo.core import planar
from genzoo.core.batches import ImageSet
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.data.facts import check_facts
from genzoo.data.module import ImageData, split_of
from genzoo.data.sizes import split_sizes


@register
class SwissRoll(ImageData):
    """Draws of a spiral (``genzoo.core.planar.SwissRoll``). A point is an "image" (2, 1, 1), without a label.

    Models are trained on points / ``extent``.

    Args:
        radius, turns, std: of the spiral.
        n_train, n_validation, n_test: number of points.
        points_seed: seed of the points; the same seed gives the same points.
        batch_size: points per batch over all ranks.
        options: settings of ``ImageData``, and facts that the configuration states (size, channels, levels, classes),
            which are checked.

    Raises:
        GenzooError: a setting is out of range.

    Example:
        >>> SwissRoll(n_train=100).split("train").images.shape
        torch.Size([100, 2, 1, 1])
    """

    name = "swiss_roll"
    facts: ClassVar[dict[str, int | None]] = {"size": 1, "channels": 2, "levels": None, "classes": 0}

    def __init__(
        self,
        radius: float = 3.0,
        turns: float = 2.0,
        std: float = 0.05,
        n_train: int = 50_000,
        n_validation: int = 1_000,
        n_test: int = 10_000,
        points_seed: int = 0,
        batch_size: int = 512,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        self.numbers = split_sizes(n_train, n_validation, n_test)
        super().__init__(batch_size=batch_size, **options)
        self.spiral = planar.SwissRoll(1, radius, turns, std)
        self.extent = radius + 10 * std  # ten deviations: no draw lies outside
        self.points_seed = points_seed

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits."""
        return {split: self._draw(split, n) for split, n in self.numbers.items()}

    def log_density(self, points: Tensor) -> Tensor:
        """log p of points (n, 2) of the spiral, in nats, (n,)."""
        return self.spiral.log_density(points)

    def _draw(self, split: str, n: int) -> ImageSet:
        points = self.spiral.sample(n, generator(self.points_seed, self.name, split))
        return split_of((points / self.extent).view(n, 2, 1, 1))
