"""Bayesian GAN by likelihood-free variational inference: a Gaussian posterior of the generator's weights."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from genzoo.adversarial.game import Game
from genzoo.adversarial.networks import base
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_positive
from genzoo.core.latent import Latent, Normal
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.core.registry import register
from genzoo.nn.objectives import Minimax


@register
class LikelihoodFreeGAN(Game):
    """The weights θ of a generator have the prior N(0, 1) and a posterior q(θ), a Gaussian that is trained.

    The discriminator estimates the ratio r(x, θ) = log p(x|θ) - log p_data(x): it tells images of generators that are
    drawn from q from real ones, given the weights, by the logarithmic score
    -E log σ(r(G(z; θ), θ)) - E log(1 - σ(r(x, θ))). The player ``generator`` minimises the negative bound of the
    evidence divided by N, KL(q || p) / N - E r(x, θ), on real images x: its gradient comes through θ alone.

    Args:
        observations: N, the number of training images.
        generator: factory of a generator with a distribution of ``weights``, called with ``latent``, the width of the
            codes without the weights' normal numbers.
        discriminator: factory of the network that maps images and weights to r, called with ``weights``, their number.
        latent: prior of the codes; the model adds the part ``weights``.
        kwargs: of ``Game``.

    Raises:
        GenzooError: N is not a positive integer.

    Source: Tran, Ranganath, Blei 2017, arXiv 1702.08896, section 3; blei-lab/edward, edward/inferences/
        implicit_klqp.py, with the divergence in closed form.
    """

    needs = base.WeightedDiscriminator

    def __init__(
        self,
        observations: int,
        generator: Callable[..., nn.Module],
        discriminator: Callable[..., nn.Module],
        latent: Latent,
        **kwargs: Any,
    ):
        check_positive("model.observations", observations)
        built = generator(latent=latent.width)
        check_network(built, base.RandomGenerator, "model.generator")
        super().__init__(
            generator=lambda latent: built,
            discriminator=discriminator(weights=built.count),
            latent=Latent(**latent.parts, weights=Normal(built.count)),
            **kwargs,
        )
        self.observations, self.objective = observations, Minimax()

    def ratio(self, images: Tensor, weights: Tensor) -> Tensor:
        """r of images (B, C, H, W) and weights (B, weights), (B,)."""
        return at_least_float32(self.discriminator(images, weights))

    def discriminator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The logarithmic score of images of drawn generators (label 1) and of real ones (label 0)."""
        z, images = self.detached_fakes(real, made)
        with torch.no_grad():
            weights = self.generator.weights(z)
        return self.objective.discriminator(self.ratio(images, weights), self.ratio(real.images, weights))

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """KL(q || p) / N - E r(x, θ) with weights drawn per real image."""
        z = self.codes(real) if made is None else made[0]
        divergence = self.generator.divergence()
        self.meters.log("divergence", divergence)
        return divergence / self.observations - self.ratio(real.images, self.generator.weights(z)).mean()
