"""The base of the sets of points in the plane that are drawn on the spot."""

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Generator, Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.randomness import generator
from genzoo.data.facts import check_facts
from genzoo.data.module import ImageData, split_of
from genzoo.data.sizes import split_sizes


class Points(ImageData):
    """Base of the sets of points. A point is an "image" (2, 1, 1).

    Models are trained on points / ``extent``, which lie in [-1, 1]. Subclasses set ``name`` and implement ``draw``.

    Args:
        extent: half the width of the square around the origin that has all points, in the source's units.
        components: number of components, which are the labels; 0 = no labels.
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
        extent: float,
        components: int,
        n_train: int = 50_000,
        n_validation: int = 1_000,
        n_test: int = 10_000,
        points_seed: int = 0,
        batch_size: int = 512,
        **options: Any,
    ):
        options = check_facts(self.name, {**self.facts, "classes": components}, options)
        self.numbers = split_sizes(n_train, n_validation, n_test)
        super().__init__(batch_size=batch_size, **options)
        self.extent, self.points_seed = extent, points_seed

    def draw(self, n: int, randomness: Generator) -> tuple[Tensor, Tensor | None]:
        """n points (n, 2) in the source's units, and their labels (n,), or None."""
        raise NotImplementedError

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits."""
        return {split: self._split(split, n) for split, n in self.numbers.items()}

    def _split(self, split: str, n: int) -> ImageSet:
        points, labels = self.draw(n, generator(self.points_seed, self.name, split))
        return split_of((points / self.extent).view(n, 2, 1, 1), labels)
