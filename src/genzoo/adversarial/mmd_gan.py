"""MMD-GAN: the generator minimises the maximum mean discrepancy of an encoder's codes, which the encoder maximises."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.adversarial.game import Game
from genzoo.adversarial.networks import base
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Features
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.ranks import mean_over_ranks
from genzoo.core.registry import register
from genzoo.nn.clipping import clip_parameters


@register
class MMDGAN(Game):
    """The critic is an autoencoder with encoder f; distances are of codes f(x) of real and f(y) of generated images.

    The generator minimises M = distance(f(x), f(y)) + r · mean min(0, E f(x) - E f(y)). The critic maximises M minus
    w · (mean |x - x̂|² + mean |y - ŷ|²), where x̂ and ŷ are reconstructions, which keep f injective. The second term of
    M, the paper's feasible set reduction, keeps the mean codes of real images above those of generated ones.

    Args:
        distance: of two batches of codes (B, F), such as ``MMD`` with ``root``.
        reconstruction_weight: w.
        rank_weight: r.
        encoder_clip: bound of the absolute value of each of the encoder's parameters.
        kwargs: of ``Game``; the discriminator maps images to reconstructions.

    Raises:
        GenzooError: a weight is negative, or the bound is not positive.

    Source: Li et al. 2017, arXiv 1705.08584, section 3; OctoberChang/MMD-GAN, mmd_gan.py (there parameters are clipped
        before the critic's updates, here after them).
    """

    needs = base.Autoencoder
    accumulates = False  # kernels compare all images of a batch

    def __init__(
        self,
        distance: Callable[[Tensor, Tensor], Tensor],
        reconstruction_weight: float = 8.0,
        rank_weight: float = 16.0,
        encoder_clip: float = 0.01,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if min(reconstruction_weight, rank_weight) < 0:
            raise GenzooError("model.reconstruction_weight and model.rank_weight: numbers of at least 0 are needed.")
        if not encoder_clip > 0:
            raise GenzooError(f"model.encoder_clip={encoder_clip}: a positive bound is needed.")
        self.distance, self.encoder_clip = distance, encoder_clip
        self.reconstruction_weight, self.rank_weight = reconstruction_weight, rank_weight

    def capabilities(self) -> frozenset[type]:
        """It has features, too."""
        return super().capabilities() | {Features}

    def initialise(self, images: Tensor) -> None:
        """Also clips the initial weights."""
        super().initialise(images)
        clip_parameters(self.discriminator.encoder, self.encoder_clip)

    def after_step(self, player: str) -> None:
        """Also clips the encoder's weights."""
        if player == "discriminator":
            clip_parameters(self.discriminator.encoder, self.encoder_clip)
        super().after_step(player)

    def discrepancy(self, real: Tensor, fake: Tensor) -> Tensor:
        """M, given codes (B, F) of real and (B', F) of generated images."""
        distance = self.distance(real, fake)
        rank = -F.relu(mean_over_ranks(fake.mean(0)) - mean_over_ranks(real.mean(0))).mean()
        self.meters.log("distance", distance)
        self.meters.log("rank", rank)
        return distance + self.rank_weight * rank

    def encode_images(self, images: Tensor) -> Tensor:
        """The codes (B, F) of images."""
        return at_least_float32(self.discriminator.encoder(images).flatten(1))

    def discriminator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """w · the reconstruction errors of real and generated images, minus M."""
        _, fake = self.detached_fakes(real, made)
        codes, errors = [], []
        for images in (real.images, fake):
            code = self.discriminator.encoder(images)
            codes.append(at_least_float32(code.flatten(1)))
            errors.append(F.mse_loss(at_least_float32(self.discriminator.decoder(code)), at_least_float32(images)))
        self.meters.log("reconstruction", errors[0])
        return self.reconstruction_weight * (errors[0] + errors[1]) - self.discrepancy(*codes)

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """M of new images."""
        _, fake = made or self.make(real)
        with torch.no_grad():
            codes = self.encode_images(real.images)
        return self.discrepancy(codes, self.encode_images(fake))

    @in_inference
    def features(self, images: Tensor) -> Tensor:
        """The codes (B, F) of images (B, C, H, W) in [-1, 1]."""
        return self.encode_images(images)
