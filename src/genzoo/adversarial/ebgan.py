"""EBGAN: the discriminator is an energy, the reconstruction error of an autoencoder."""

from typing import Any

import torch
from torch import Tensor

from genzoo.adversarial.game import Game
from genzoo.adversarial.networks import base
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.ranks import gather_over_ranks
from genzoo.core.registry import register


@register
class EBGAN(Game):
    """The discriminator lowers the energy of real images and raises that of generated ones, up to a margin.

    With the energy E(x) = ‖x - Dec(Enc(x))‖², the sum over pixels and channels: L_D = E(x) + max(0, m - E(G(z))),
    L_G = E(G(z)) + λ PT(Enc(G(z))). The pulling-away term PT keeps the codes of generated images apart.

    Args:
        margin: m, in the unit of the energy.
        pulling_away: λ, the weight of the pulling-away term; 0 = without it.
        kwargs: of ``Game``; the discriminator maps images to reconstructions.

    Raises:
        GenzooError: the margin is not positive, or the weight is negative.

    Source: Zhao, Mathieu, LeCun 2017, arXiv 1609.03126, equations 1 and 2, section 2.4.
    """

    needs = base.Autoencoder

    def __init__(self, margin: float, pulling_away: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        if not margin > 0:
            raise GenzooError(f"model.margin={margin}: a positive number is needed, in the unit of the energy.")
        if pulling_away < 0:
            raise GenzooError(f"model.pulling_away={pulling_away}: a weight of at least 0 is needed; 0 = no term.")
        self.margin, self.pulling_away = margin, pulling_away
        self.accumulates = not pulling_away  # the term compares all images of a batch

    def energy(self, images: Tensor, codes: Tensor | None = None) -> Tensor:
        """The energies (B,) of images, whose codes Enc(x) may be given."""
        codes = self.discriminator.encoder(images) if codes is None else codes
        difference = at_least_float32(images) - at_least_float32(self.discriminator.decoder(codes))
        return difference.flatten(1).square().sum(1)

    def discriminator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """E(x) + max(0, m - E(G(z)))."""
        _, fake = self.detached_fakes(real, made)
        low, high = self.energy(real.images), self.energy(fake)
        self.meters.log("energy/real", low.mean())
        self.meters.log("energy/generated", high.mean())
        return low.mean() + (self.margin - high).relu().mean()

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """E(G(z)) + λ PT(Enc(G(z)))."""
        _, fake = made or self.make(real)
        codes = self.discriminator.encoder(fake)
        loss = self.energy(fake, codes).mean()
        if not self.pulling_away:
            return loss
        term = pulling_away_term(codes)
        self.meters.log("pulling_away_term", term)
        return loss + self.pulling_away * term


def pulling_away_term(codes: Tensor) -> Tensor:
    """The mean squared cosine between the codes of different images of the batch, of all ranks.

    Args:
        codes: (B, ...), at least two.

    Source: arXiv 1609.03126, equation 3.

    Example:
        >>> pulling_away_term(torch.tensor([[1.0, 0.0], [0.0, 2.0], [0.0, -3.0]]))  # one pair of three is parallel
        tensor(0.3333)
    """
    directions = torch.nn.functional.normalize(gather_over_ranks(at_least_float32(codes).flatten(1)))
    n = len(directions)
    return ((directions @ directions.T).square().sum() - n) / (n * (n - 1))
