"""The base class of models with one generator, from a source to a target or from an observation to the image."""

from collections.abc import Callable
from typing import Any

from torch import Generator, Tensor, nn

from genzoo.core.batches import DataSpec, EnvironmentSpec
from genzoo.core.capabilities import Restores, Translates
from genzoo.core.randomness import generator as fixed
from genzoo.translation.degradations.base import Degradation
from genzoo.translation.pairs import Pairs
from genzoo.translation.translator import Translator


class OneWay(Translator):
    """Base: a generator from x to y.

    Args:
        pairs: the pairs (x, y): of the data, or an image and its degradation; the latter model restores images.
        generator: factory of G, called with ``shape``, (C, H, W) of x, and ``outputs``, the channels of y.
        kwargs: of ``Translator``; the player is ``generator``.
    """

    def __init__(self, pairs: Pairs, generator: Callable[..., nn.Module], **kwargs: Any):
        super().__init__(**kwargs)
        self.pairs = pairs
        self.generator = generator(shape=pairs.source, outputs=pairs.target[0])
        self.image_shape = pairs.target if isinstance(pairs, Degradation) else pairs.source

    def players(self) -> dict[str, list[nn.Module]]:
        """The generator."""
        return {"generator": [self.generator]}

    def capabilities(self) -> frozenset[type]:
        """It restores what it was degraded from, or else translates."""
        return frozenset({Restores if isinstance(self.pairs, Degradation) else Translates})

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses data without the pairs."""
        super().check_data(data)
        assert isinstance(data, DataSpec)
        self.pairs.check_data(data)

    def networks(self) -> dict[tuple[str, str], nn.Module]:
        """The generator maps the first domain to the second one."""
        return {("A", "B"): self.generator}

    def degrade(self, images: Tensor, generator: Generator | None = None) -> Tensor:
        """Observations (B, C', H', W') of images (B, C, H, W) in [-1, 1]; without a generator, the same each time."""
        assert isinstance(self.pairs, Degradation)
        return self.pairs.degrade(images.to(self.device), generator or fixed(0, "degradation"))

    def restore(self, observations: Tensor, generator: Generator | None = None) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] of observations (B, C', H', W').

        Raises:
            GenzooError: the observations have another shape.
        """
        return self.translate(observations, generator=generator)
