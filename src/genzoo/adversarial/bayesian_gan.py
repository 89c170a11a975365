"""Bayesian GAN: draws of generators and of a discriminator from their posteriors."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.game import Game
from genzoo.adversarial.networks import base
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.core.ranks import gather_over_ranks, ranks
from genzoo.core.registry import register


@register
class BayesianGAN(Game):
    """Each player's loss is the negative log-posterior of its weights, whose prior is N(0, s²), divided by N.

    With J batches z_j of n codes per generator, and generators G_k:

        p(θ_k | D) ∝ Σ_j Π_i D(G_k(z_ji)) p(θ_k)
        p(θ_D | G) ∝ Σ_jk Π_i D(x_i) Π_i (1 - D(G_k(z_ji))) p(θ_D)

    The products are over n of N observations; so the loss is -1/n log of the likelihood's mean over j (and k) minus
    1/N log p(θ). The optimizer ``genzoo.core.sghmc.SGHMC`` with ``observations`` N draws from the posteriors; others
    find their maxima. A sum of products of many factors is nearly its greatest term: the generator learns from its
    best batch of codes, the discriminator from the generator that it rejects best. With a power β, each product is
    replaced by its β/n-th power and the logarithm is divided by β: a small β weights all terms alike.

    Args:
        observations: N, the number of training images.
        draws: J.
        prior_std: s, the standard deviation of the prior of each weight.
        power: β; None = n, the paper's products.
        kwargs: of ``Game``. The generator has several ``members``; the last part of the latent code, a ``Categorical``
            of their number, chooses one.

    Raises:
        GenzooError: a setting is out of range, or the latent's last part does not choose among the generators.

    Source: Saatchi, Wilson 2017, arXiv 1705.09558, equations 1 to 4 and algorithm 1.
    """

    accumulates = False  # likelihoods are products over whole batches

    def __init__(
        self, observations: int, draws: int = 10, prior_std: float = 1.0, power: float | None = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        check_positive("model.observations", observations)
        check_positive("model.draws", draws)
        if prior_std <= 0:
            raise GenzooError(f"model.prior_std={prior_std}: a positive number is needed.")
        if power is not None and power <= 0:
            raise GenzooError(f"model.power={power}: a positive number is needed, or null for that of the paper.")
        self.observations, self.draws, self.prior_std, self.power = observations, draws, prior_std, power
        check_network(self.generator, base.Copies, "model.generator")
        *_, last = self.latent.parts.items()
        if last[1].size != len(self.generator.members):
            raise GenzooError(
                f"model.latent.{last[0]}: the last part chooses one of the {len(self.generator.members)} generators, "
                f"but has the size {last[1].size}; set it to model.generator.copies."
            )

    def make(self, real: ImageBatch) -> Made:
        """Codes (copies, J · B, latent.width) and their images, each generator's from codes of its own."""
        sizes = len(real.images), self.draws, len(self.generator.members)
        z = self.latent.sample(math.prod(sizes), device=self.device).unflatten(0, sizes)
        z = z.transpose(0, 2).flatten(1, 2)
        return z, self.generator.each(z)

    def log_likelihoods(self, images: Tensor, real: bool) -> Tensor:
        """log Π_i D(x_i), or log Π_i (1 - D(x_i)) if not ``real``, over all ranks' batches, (...).

        Args:
            images: (..., B, C, H, W).
            real: the label of the images.
        """
        logits = at_least_float32(self.discriminator(images.flatten(0, -4))).view(images.shape[:-3])
        own = F.logsigmoid(logits if real else -logits).sum(-1)
        return gather_over_ranks(own[None]).sum(0)

    def negative_log_prior(self, network: nn.Module) -> Tensor:
        """-log p(θ) of all weights of a network, up to a constant."""
        return torch.stack([p.square().sum() for p in network.parameters()]).sum() / (2 * self.prior_std**2)

    def _loss(self, log_likelihoods: Tensor, n: int, network: nn.Module) -> Tensor:
        """-1/β log of the mean of likelihoods to the power β/n, minus 1/N log p(θ)."""
        power = self.power or n
        powers = log_likelihoods.flatten() * (power / n)
        mean = powers.logsumexp(0) - math.log(powers.numel())
        return self.negative_log_prior(network) / self.observations - mean / power

    def _by_draw(self, images: Tensor) -> Tensor:
        """(copies, J · B, C, H, W) -> (copies, J, B, C, H, W)."""
        return images.unflatten(1, (self.draws, -1))

    def discriminator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The negative log-posterior of the discriminator, divided by N.

        Args:
            real: real images.
            made: codes and images of ``make`` that both players share; None: new ones are generated.
        """
        _, fake = self.detached_fakes(real, made)
        likelihoods = self.log_likelihoods(real.images, True) + self.log_likelihoods(self._by_draw(fake), False)
        return self._loss(likelihoods, len(real.images) * ranks(), self.discriminator)

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The sum over generators of their negative log-posteriors, divided by N."""
        _, fake = made or self.make(real)
        likelihoods, n = self.log_likelihoods(self._by_draw(fake), True), len(real.images) * ranks()
        losses = [self._loss(own, n, g) for own, g in zip(likelihoods, self.generator.members, strict=True)]
        return torch.stack(losses).sum()
