"""BEGAN: an autoencoder as discriminator, kept in equilibrium with the generator."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from genzoo.adversarial.game import Game
from genzoo.adversarial.networks import base
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.ranks import average_over_ranks
from genzoo.core.registry import register
from genzoo.core.rounds import Turn


@dataclass
class Measured:
    """Latest reconstruction losses of a round, scalars: of real images and of the generator's turn."""

    real: Tensor | None = None
    fake: Tensor | None = None


@register
class BEGAN(Game):
    """The discriminator is an autoencoder; its reconstruction loss is minimised on real images and maximised on
    generated ones, and the generator minimises the latter.

    With L(x) = mean |x - D(x)|: L_D = L(x) - k L(G(z_D)), L_G = L(G(z_G)), and after each round
    k <- k + λ (γ L(x) - L(G(z_G))), within [0, 1]. The logged ``convergence`` is M = L(x) + |γ L(x) - L(G(z_G))|.

    Args:
        gamma: γ in (0, 1], the ratio of losses at equilibrium; a lower ratio gives sharper, less diverse images.
        gain: λ, the proportional gain of k.
        kwargs: of ``Game``; the discriminator maps images to reconstructions.

    Source: Berthelot, Schumm, Metz 2017, arXiv 1703.10717, section 3.3 and 3.4.
    """

    needs = base.Autoencoder
    accumulates = False  # k depends on losses of whole batches

    def __init__(self, gamma: float = 0.5, gain: float = 0.001, **kwargs: Any):
        super().__init__(**kwargs)
        if not 0 < gamma <= 1:
            raise GenzooError(f"model.gamma={gamma}: a number above 0 and up to 1 is needed.")
        self.gamma, self.gain = gamma, gain
        self.register_buffer("k", torch.zeros(()))

    def turns(self) -> tuple[Turn, ...]:
        """The turns of the game, then the update of k."""
        return (*super().turns(), Turn({}, draws=self.update_k))

    def collect(self) -> dict[str, Measured]:
        """An empty object for the round's reconstruction losses."""
        return {"measured": Measured()}

    def reconstruction_loss(self, images: Tensor) -> Tensor:
        """Mean absolute difference between images and their reconstructions."""
        return (at_least_float32(images) - at_least_float32(self.discriminator(images))).abs().mean()

    def discriminator_loss(self, real: ImageBatch, measured: Measured, made: Made | None = None) -> Tensor:
        """L(x) - k L(G(z_D)); stores L(x) in ``measured``."""
        _, fake = self.detached_fakes(real, made)
        loss = self.reconstruction_loss(real.images)
        measured.real = loss.detach()
        return loss - self.k * self.reconstruction_loss(fake)

    def generator_loss(self, real: ImageBatch, measured: Measured, made: Made | None = None) -> Tensor:
        """L(G(z_G)), which is also stored in ``measured``."""
        _, fake = made or self.make(real)
        loss = self.reconstruction_loss(fake)
        measured.fake = loss.detach()
        return loss

    def update_k(self, measured: Measured) -> Iterable[dict[str, Any]]:
        """Updates k from the round's losses, averaged over ranks; yields nothing, so no player steps."""
        real, fake = average_over_ranks(torch.stack([measured.real, measured.fake]))
        balance = self.gamma * real - fake
        self.meters.log("convergence", real + balance.abs())
        self.meters.log("k", self.k)
        self.k = (self.k + self.gain * balance).clamp(0, 1)
        return ()

    def generate(self, z: Tensor) -> Tensor:
        """Images (B, C, H, W) of codes, clamped to [-1, 1]."""
        return super().generate(z).clamp(-1, 1)
