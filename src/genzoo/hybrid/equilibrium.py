"""The rule that lets a player of a GAN wait while the other one is far behind."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


class Moves(NamedTuple):
    """Which players move, scalars: 1 = moves, 0 = waits."""

    discriminator: Tensor
    generator: Tensor


@register
@dataclass(frozen=True)
class Equilibrium:
    """Compares the discriminator's cross-entropies on real and on generated images with that of D = 1/2, log 2.

    The discriminator waits if one of them is below centre - margin, the generator if one is above centre + margin. If
    both would wait, both move.

    Args:
        centre: the cross-entropy at equilibrium, in nats.
        margin: in nats; ``inf``: no player ever waits.

    Raises:
        GenzooError: the margin is negative.

    Source: Larsen et al. 2016, andersbll/autoencoding_beyond_pixels, model/aegan.py (GradientDescent).

    Example:
        >>> Equilibrium()(real=torch.tensor(0.2), fake=torch.tensor(0.7))
        Moves(discriminator=tensor(0.), generator=tensor(1.))
    """

    centre: float = 0.68
    margin: float = 0.35

    def __post_init__(self) -> None:
        if not self.margin >= 0:
            raise GenzooError(
                f"model.equilibrium.margin={self.margin}: a number of at least 0 is needed; inf = no player waits."
            )

    def __call__(self, real: Tensor, fake: Tensor) -> Moves:
        """The players that move, given the discriminator's cross-entropies, scalars."""
        losses = torch.stack([real, fake])
        discriminator = (losses >= self.centre - self.margin).all()
        generator = (losses <= self.centre + self.margin).all()
        neither = ~(discriminator | generator)
        return Moves((discriminator | neither).float(), (generator | neither).float())
