"""Translation by regression: the target of each image is predicted, without an adversary."""

from collections.abc import Callable
from typing import Any

from torch import Generator, Tensor, nn

from genzoo.core.batches import DataSpec, EnvironmentSpec, ImageBatch, Stream
from genzoo.core.capabilities import Restores, Translates
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.randomness import generator as fixed
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.translation.degradations.base import Degradation
from genzoo.translation.pairs import Pairs
from genzoo.translation.translator import Translator


@register
class Regression(Translator):
    """The generator minimises E mean |y - G(x)|ᵖ over pairs (x, y).

    Args:
        pairs: the pairs: of the data, or an image and its degradation; the latter model restores images.
        generator: factory of G, called with ``shape``, (C, H, W) of x, and ``outputs``, the channels of y.
        power: p, 1 or 2.
        kwargs: of ``Translator``; the player is ``generator``.

    Raises:
        GenzooError: p is another number.

    Source: the L1 and L2 rows of pix2pix (Isola et al. 2017, arXiv 1611.07004), table 1.
    """

    def __init__(self, pairs: Pairs, generator: Callable[..., nn.Module], power: int = 1, **kwargs: Any):
        super().__init__(**kwargs)
        if power not in (1, 2):
            raise GenzooError(f"model.power={power}: 1 (absolute differences) or 2 (squared ones) is needed.")
        self.pairs, self.power = pairs, power
        self.generator = generator(shape=pairs.source, outputs=pairs.target[0])
        self.image_shape = pairs.target if isinstance(pairs, Degradation) else pairs.source

    def players(self) -> dict[str, list[nn.Module]]:
        """The generator."""
        return {"generator": [self.generator]}

    def turns(self) -> tuple[Turn, ...]:
        """One turn on a batch of pairs."""
        losses = {player: getattr(self, f"{player}_loss") for player in self.players()}
        return (Turn(losses, (Stream("real"),), draws=self.draws, at_once=False),)

    def draws(self, real: ImageBatch) -> list[dict[str, Tensor]]:
        """The losses' arguments: x, y and G(x)."""
        x, y = self.pairs(real)
        return [{"x": x, "y": y, "translated": self.generator(x)}]

    def generator_loss(self, x: Tensor, y: Tensor, translated: Tensor) -> Tensor:
        """mean |y - G(x)|ᵖ."""
        return self.distance(y, translated)

    def distance(self, y: Tensor, translated: Tensor) -> Tensor:
        """mean |y - G(x)|ᵖ over all numbers of images (B, C, H, W)."""
        return (y - at_least_float32(translated)).abs().pow(self.power).mean()

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
