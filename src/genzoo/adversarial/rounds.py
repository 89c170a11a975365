"""The order of the updates of generator and discriminator in a round."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

from genzoo.core.batches import ImageBatch, Stream
from genzoo.core.checks import check_positive
from genzoo.core.registry import register
from genzoo.core.rounds import Turn

Made = tuple[Tensor, Tensor]  # codes (B, latent.width) and the generator's images of them (B, C, H, W)
Losses = Mapping[str, Callable[..., Tensor]]  # player (``discriminator``, ``generator``) -> loss
Make = Callable[[ImageBatch], Made]  # generates as many images as the batch has real ones


class GameRound(Protocol):
    """The turns of a round."""

    def turns(self, losses: Losses, real: Stream, make: Make) -> tuple[Turn, ...]:
        """The turns of a round, given the players' losses, the stream of real images and the generator."""
        ...


@register
@dataclass(frozen=True)
class Alternating:
    """The discriminator's update, then the generator's, each on its own real and generated images.

    Args:
        discriminator_steps: updates of the discriminator per round, or a function from the number of past rounds to it.
        generator_batches: number of batches of images in the generator's loss.
        generator_steps: updates of the generator per round, each on as many new images as its loss takes.

    Source: Goodfellow et al. 2014, arXiv 1406.2661, algorithm 1.
    """

    discriminator_steps: int | Callable[[int], int] = 1
    generator_batches: int = 1
    generator_steps: int = 1

    def __post_init__(self) -> None:
        if not callable(self.discriminator_steps):
            check_positive("model.round.discriminator_steps", self.discriminator_steps)
        check_positive("model.round.generator_batches", self.generator_batches)
        check_positive("model.round.generator_steps", self.generator_steps)

    def turns(self, losses: Losses, real: Stream, make: Make) -> tuple[Turn, ...]:
        """One turn per player."""
        images = real._replace(batches=self.generator_batches)
        return (
            Turn({"discriminator": losses["discriminator"]}, (real,), self.discriminator_steps),
            Turn({"generator": losses["generator"]}, (images,), self.generator_steps),
        )


@register
@dataclass(frozen=True)
class Simultaneous:
    """Both players are updated at once, from gradients at the same parameters; each has its own generated images.

    Source: goodfeli/adversarial, sgd.py: one update of all parameters.
    """

    def turns(self, losses: Losses, real: Stream, make: Make) -> tuple[Turn, ...]:
        """One turn of both players."""
        return (Turn(losses, (real,)),)


@register
@dataclass(frozen=True)
class Shared:
    """Both players use the same generated images: one pass through the generator per round instead of two.

    Args:
        at_once: whether both gradients are computed before either update; otherwise the discriminator's update is
            first.
    """

    at_once: bool = False

    def turns(self, losses: Losses, real: Stream, make: Make) -> tuple[Turn, ...]:
        """One turn of both players, whose losses have the argument ``made``."""

        def draws(real: ImageBatch, **collected: Any) -> Iterator[dict[str, Any]]:
            yield {"real": real, "made": make(real), **collected}

        return (Turn(losses, (real,), draws=draws, at_once=self.at_once),)
