"""Numbers from a mixture of Gaussians on the line."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.data.facts import check_facts
from genzoo.data.module import ImageData, split_of
from genzoo.data.sizes import split_sizes


@register
class Univariate(ImageData):
    """Numbers from a mixture of Gaussians. A number is an "image" (1, 1, 1), its label the component.

    Models are trained on numbers / ``extent``; ``means``, ``stds`` and ``extent`` are in the source's units.

    Args:
        weights: probabilities of the components, of any positive sum.
        means, stds: means and standard deviations of the components.
        extent: the number that models see as 1.
        n_train, n_validation, n_test: number of numbers.
        points_seed: seed of the numbers; the same seed gives the same numbers.
        batch_size: numbers per batch over all ranks.
        options: settings of ``ImageData``, and facts that the configuration states (size, channels, levels, classes),
            which are checked.

    Raises:
        GenzooError: weights, means and deviations are not equally many, or a number is out of range.

    Example:
        >>> data = Univariate(weights=[1, 3], means=[-1.0, 2.0], stds=[0.1, 0.1], n_train=4000)
        >>> numbers, labels, *_ = data.split("train")
        >>> round((numbers * data.extent).mean().item(), 1), numbers.shape
        (1.3, torch.Size([4000, 1, 1, 1]))
    """

    name = "univariate"
    facts: ClassVar[dict[str, int | None]] = {"size": 1, "channels": 1, "levels": None}

    def __init__(
        self,
        weights: Sequence[float],
        means: Sequence[float],
        stds: Sequence[float],
        extent: float = 10.0,
        n_train: int = 200_000,
        n_validation: int = 1_000,
        n_test: int = 10_000,
        points_seed: int = 0,
        batch_size: int = 512,
        **options: Any,
    ):
        if not len(weights) == len(means) == len(stds) or not weights:
            raise GenzooError(
                f"data.weights, data.means, data.stds: {len(weights)}, {len(means)} and {len(stds)} values were given; "
                "one of each per component is needed."
            )
        if min(*weights, *stds, extent) <= 0:
            raise GenzooError("data.weights, data.stds, data.extent: positive numbers are needed.")
        options = check_facts(self.name, {**self.facts, "classes": len(weights)}, options)
        self.numbers = split_sizes(n_train, n_validation, n_test)
        super().__init__(batch_size=batch_size, **options)
        self.weights, self.means, self.stds = (torch.tensor(tuple(v)).float() for v in (weights, means, stds))
        self.extent, self.points_seed = float(extent), points_seed

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits."""
        return {split: self._draw(split, n) for split, n in self.numbers.items()}

    def _draw(self, split: str, n: int) -> ImageSet:
        randomness = generator(self.points_seed, self.name, split)
        labels = (
            torch.multinomial(self.weights, n, replacement=True, generator=randomness) if n else torch.empty(0).long()
        )
        numbers: Tensor = self.means[labels] + self.stds[labels] * torch.randn(n, generator=randomness)
        return split_of((numbers / self.extent).view(n, 1, 1, 1), labels)
