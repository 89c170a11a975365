"""BEGAN: an autoencoder as discriminator, kept in equilibrium with the generator."""

from typing import Any

import torch
from torch import Tensor

from genzoo.adversarial.game import Game
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.ranks import average_over_ranks
from genzoo.core.registry import register


@register
class BEGAN(Game):
    """The discriminator reconstructs real images well and generated ones badly; the generator wants its own to be
    reconstructed well.

    With L(x) = mean |x - D(x)|: L_D = L(x) - k L(G(z_D)), L_G = L(G(z_G)), and after each round
    k <- k + λ (γ L(x) - L(G(z_G))), within [0, 1]. ``convergence`` is recorded: M = L(x) + |γ L(x) - L(G(z_G))|.

    Args:
        gamma: γ in (0, 1], the ratio of losses at equilibrium: lower is sharper and less diverse.
        gain: λ, the proportional gain of k.
        kwargs: of ``Game``; the discriminator maps images to reconstructions.

    Source: Berthelot, Schumm, Metz 2017, arXiv 1703.10717, section 3.3 and 3.4.
    """

    accumulates = False  # k follows whole batches

    def __init__(self, gamma: float = 0.5, gain: float = 0.001, **kwargs: Any):
        super().__init__(**kwargs)
        if not 0 < gamma <= 1:
            raise GenzooError(f"model.gamma={gamma}: a number above 0 and up to 1 is needed.")
        self.gamma, self.gain = gamma, gain
        self.register_buffer("k", torch.zeros(()))
        self._real_loss: Tensor | None = None  # L(x) of the round at hand

    def reconstruction_loss(self, images: Tensor) -> Tensor:
        """Mean absolute difference between images and their reconstructions."""
        return (at_least_float32(images) - at_least_float32(self.discriminator(images))).abs().mean()

    def discriminator_loss(self, real: ImageBatch) -> Tensor:
        """L(x) - k L(G(z_D))."""
        _, fake = self.images_to_judge(real)
        loss = self.reconstruction_loss(real.images)
        self._real_loss = loss.detach()
        return loss - self.k * self.reconstruction_loss(fake)

    def generator_loss(self, real: ImageBatch) -> Tensor:
        """L(G(z_G)); moves k."""
        _, fake = self.images_to_improve(real)
        loss = self.reconstruction_loss(fake)
        real_loss, fake_loss = average_over_ranks(torch.stack([self._real_loss, loss.detach()]))
        balance = self.gamma * real_loss - fake_loss
        self.meters.record("convergence", real_loss + balance.abs())
        self.meters.record("k", self.k)
        self.k = (self.k + self.gain * balance).clamp(0, 1)
        return loss

    def generate(self, z: Tensor) -> Tensor:
        """Images (B, C, H, W) of codes, clamped to [-1, 1]."""
        return super().generate(z).clamp(-1, 1)
