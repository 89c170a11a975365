"""Amortised MAP inference: a generator that minimises KL[q || p], q being the distribution of its images."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from genzoo.core.batches import ImageBatch, Stream
from genzoo.core.checks import check_weights
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.objectives import Objective
from genzoo.translation.degradations.base import Degradation
from genzoo.translation.one_way import OneWay


@register
class AmortisedMAP(OneWay):
    """A GAN of which the generator's images g(x) agree with observations x = A y of images unrelated to the real ones.

    With noise ε ~ N(0, σ²), drawn for each image, on all that the discriminator sees:

        the discriminator minimises    L_D(D(y + ε), D(g(x) + ε)),
        the generator                  L_G(D(g(x) + ε)) + λ mean |x - A g(x)|.

    AffGAN's generator is an ``AffineProjection``, whose images agree exactly, so λ = 0; SoftGAN's is any network.

    Args:
        discriminator: factory of D, called with ``inputs``, the channels of the images.
        objective: the losses of both players; the paper's is ``ReverseKL``.
        noise: σ as a function of the number of completed rounds.
        consistency_weight: λ.
        kwargs: of ``OneWay``; the players are ``discriminator`` and ``generator``.

    Raises:
        GenzooError: the pairs are not a degradation, or the weight is negative.

    Source: Sønderby et al. 2017, arXiv 1610.04490, sections 3 and 5.
    """

    def __init__(
        self,
        discriminator: Callable[..., nn.Module],
        objective: Objective,
        noise: Callable[[int], float],
        consistency_weight: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if not isinstance(self.pairs, Degradation):
            raise GenzooError("pairs=data: this model restores degraded images; choose another, such as block_means.")
        check_weights({"consistency": consistency_weight})
        self.objective, self.noise, self.consistency_weight = objective, noise, consistency_weight
        self.discriminator = discriminator(inputs=self.pairs.target[0])

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator and the generator."""
        return {"discriminator": [self.discriminator], **super().players()}

    def turns(self) -> tuple[Turn, ...]:
        """One turn on real images and others, which are observed; the discriminator moves first."""
        losses = {"discriminator": self.discriminator_loss, "generator": self.generator_loss}
        return (Turn(losses, (Stream("real"), Stream("observed")), draws=self.draws, at_once=False),)

    def draws(self, real: ImageBatch, observed: ImageBatch) -> list[dict[str, Tensor]]:
        """The losses' arguments: real images, observations, and images of these."""
        x, _ = self.pairs(observed)
        return [{"y": real.images, "x": x, "restored": self.generator(x)}]

    def judge(self, images: Tensor) -> Tensor:
        """The discriminator's logits of images (B, C, H, W) with noise."""
        noisy = images + self.noise(self.progress.rounds) * torch.randn_like(images)
        return at_least_float32(self.discriminator(noisy))

    def discriminator_loss(self, y: Tensor, x: Tensor, restored: Tensor) -> Tensor:
        """The objective's loss of the discriminator."""
        return self.objective.discriminator(self.judge(y), self.judge(restored.detach()))

    def generator_loss(self, y: Tensor, x: Tensor, restored: Tensor) -> Tensor:
        """The objective's loss of the generator, and the disagreement with the observations."""
        assert isinstance(self.pairs, Degradation)
        disagreement = (x - self.pairs.degrade(at_least_float32(restored))).abs().mean()
        self.meters.log("disagreement", disagreement.detach())
        return self.objective.generator(self.judge(restored)) + self.consistency_weight * disagreement
