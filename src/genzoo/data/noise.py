"""Images of random noise."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.data.facts import check_facts
from genzoo.data.module import ImageData, split_of
from genzoo.data.sizes import split_sizes


@register
class Noise(ImageData):
    """Images of independent uniform pixels, to which no model of images should assign a high likelihood.

    Args:
        size: height and width in pixels.
        channels: 3, or 1 for grey.
        levels: number of levels of a pixel, 2 to 256.
        n_train, n_validation, n_test: number of images.
        noise_seed: seed of the images; the same seed gives the same images.
        options: settings of ``ImageData``, and facts that the configuration states (classes), which are checked.

    Raises:
        GenzooError: a setting is out of range.

    Example:
        >>> Noise(size=4, levels=2, n_train=8).split("train").images.unique().tolist()
        [0, 1]
    """

    name = "noise"
    facts: ClassVar[dict[str, int]] = {"classes": 0}

    def __init__(
        self,
        size: int = 32,
        channels: int = 3,
        levels: int = 256,
        n_train: int = 10_000,
        n_validation: int = 1_000,
        n_test: int = 1_000,
        noise_seed: int = 0,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        if not isinstance(levels, int) or not 2 <= levels <= 256:
            raise GenzooError(f"data.levels={levels}: an integer from 2 to 256 is needed.")
        self.numbers = split_sizes(n_train, n_validation, n_test)
        super().__init__(size, channels, levels, **options)
        self.noise_seed = noise_seed

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits."""
        return {
            split: split_of(
                torch.randint(
                    self.spec.levels,
                    (n, *self.spec.shape),
                    dtype=torch.uint8,
                    generator=generator(self.noise_seed, "noise", split),
                )
            )
            for split, n in self.numbers.items()
        }
