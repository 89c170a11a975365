"""Translation by regression: the target of each image is predicted, without an adversary."""

from typing import Any

from torch import Tensor

from genzoo.core.batches import ImageBatch, Stream
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.translation.one_way import OneWay


@register
class Regression(OneWay):
    """The generator minimises E mean |y - G(x)|ᵖ over pairs (x, y).

    Args:
        power: p, 1 or 2.
        kwargs: of ``OneWay``; the player is ``generator``.

    Raises:
        GenzooError: p is another number.

    Source: the L1 and L2 rows of pix2pix (Isola et al. 2017, arXiv 1611.07004), table 1.
    """

    def __init__(self, power: int = 1, **kwargs: Any):
        super().__init__(**kwargs)
        if power not in (1, 2):
            raise GenzooError(f"model.power={power}: 1 (absolute differences) or 2 (squared ones) is needed.")
        self.power = power

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
