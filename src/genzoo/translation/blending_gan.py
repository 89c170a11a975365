"""The GAN of GP-GAN: photographs without what was pasted into them."""

from collections.abc import Callable
from typing import Any

import torch

from genzoo.core.checks import check_positive
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.clipping import check_clip, clip_parameters
from genzoo.translation.pix2pix import Pix2Pix


@register
class BlendingGAN(Pix2Pix):
    """pix2pix whose discriminator is a critic with clipped weights that moves several times per round.

    Args:
        critic_steps: number of the critic's updates per round, each on new images, or a function from the number of
            completed rounds to it.
        weight_clip: bound of the absolute value of each of the critic's parameters; None = no bound.
        kwargs: of ``Pix2Pix``.

    Raises:
        GenzooError: the number or the bound is not positive.

    Source: Wu et al. 2017, arXiv 1703.07195, section 3.1; wuhuikai/GP-GAN, updater.py.
    """

    def __init__(self, critic_steps: int | Callable[[int], int] = 5, weight_clip: float | None = 0.01, **kwargs: Any):
        super().__init__(**kwargs)
        if not callable(critic_steps):
            check_positive("model.critic_steps", critic_steps)
        check_clip(weight_clip)
        self.critic_steps, self.weight_clip = critic_steps, weight_clip

    def turns(self) -> tuple[Turn, ...]:
        """The critic's updates, then the generator's, on the first of the critic's batches."""
        (turn,) = super().turns()
        critic, generator = (turn._replace(losses={player: loss}) for player, loss in turn.losses.items())
        return critic._replace(repeats=self.critic_steps, draws=torch.no_grad()(turn.draws)), generator

    def after_step(self, player: str) -> None:
        """Also clips the critic's weights."""
        if player == "discriminator":
            clip_parameters(self.discriminator, self.weight_clip)
        super().after_step(player)
