"""The two-player game of Goodfellow et al. and those that differ in its objective."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from genzoo.adversarial.game import Game
from genzoo.adversarial.objectives import Objective
from genzoo.adversarial.penalties import Penalty
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Features
from genzoo.core.errors import GenzooError
from genzoo.core.images import dequantise
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.nn.pooling import max_pooled


@register
class GAN(Game):
    """A generator learns to fool a discriminator that learns to tell its images from real ones.

    What a system of this family is, its configuration says: objective x penalties x networks x latent x optimizers.

    Args:
        objective: what each player minimises.
        penalties: name -> term of the discriminator's loss on its gradient.
        weight_clip: bound of the absolute value of each of the discriminator's parameters; None = no bound.
        dequantise: real images of 256 levels get uniform noise of one level's width.
        kwargs: of ``Game``. The discriminator maps images to logits (B,), or scores. Its ``feature_maps``, if it has
            that method, are the model's features.

    Raises:
        GenzooError: a setting is out of range, or a penalty meets batch norm in the discriminator.

    Source: Goodfellow et al. 2014, arXiv 1406.2661, algorithm 1; penalties, clipping and dequantisation: arXiv
        1701.07875, algorithm 1; igul222/improved_wgan_training, gan_cifar_resnet.py.
    """

    def __init__(
        self,
        objective: Objective,
        penalties: Mapping[str, Penalty] | None = None,
        weight_clip: float | None = None,
        dequantise: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.objective, self.penalties = objective, dict(penalties or {})
        self.weight_clip, self.dequantise = weight_clip, dequantise
        if dequantise:
            self.levels = 256
        if weight_clip is not None and not (isinstance(weight_clip, int | float) and weight_clip > 0):
            raise GenzooError(f"model.weight_clip={weight_clip}: a positive bound is needed, or null for none.")
        if self.penalties and any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in self.discriminator.modules()):
            raise GenzooError(
                f"model.penalties.{next(iter(self.penalties))}: the discriminator has batch norm, which makes the "
                "output of an image depend on its batch mates, so that the penalty is not one on the gradient at each "
                "image; choose a discriminator without it (norm: layer, instance, spectral or none, where it has one)."
            )

    def capabilities(self) -> frozenset[type]:
        """A discriminator that shows its feature maps gives features."""
        able = super().capabilities()
        return able | {Features} if hasattr(self.discriminator, "feature_maps") else able

    def compile_networks(self) -> None:
        """Compiles the networks; a critic under a penalty is refused, because it is differentiated twice."""
        if self.penalties:
            raise GenzooError(
                f"compile=true: the critic of model.penalties.{next(iter(self.penalties))} is differentiated twice, "
                "which compiled networks cannot be; use compile=false."
            )
        super().compile_networks()

    def initialise(self, images: Tensor) -> None:
        """As ``Game``; the weights are clipped from the start."""
        super().initialise(images)
        self.after_step("discriminator")

    def after_step(self, player: str) -> None:
        """Clips the discriminator's weights."""
        if self.weight_clip is not None and player == "discriminator":
            with torch.no_grad():
                for parameter in self.discriminator.parameters():
                    parameter.clamp_(-self.weight_clip, self.weight_clip)

    def judge(self, images: Tensor, real: ImageBatch) -> Tensor:
        """The discriminator's logits (B,) of images that go with a batch of real ones."""
        return at_least_float32(self.discriminator(images))

    def logits(self, features: Tensor) -> Tensor:
        """The logits (B,) that the discriminator's ``head`` gives for its ``features`` (B, F)."""
        return at_least_float32(self.discriminator.head(features).squeeze(1))

    def real_images(self, real: ImageBatch) -> Tensor:
        """What the discriminator sees of real images."""
        return dequantise(real.images) if self.dequantise else real.images

    def penalty(self, real: ImageBatch, images: Tensor, fake: Tensor) -> Tensor:
        """The sum of the penalties, each recorded by its name."""
        total = images.new_zeros(())
        for name, penalty in self.penalties.items():
            value = penalty(lambda x: self.judge(x, real), images, fake)
            self.meters.record(name, value)
            total = total + value
        return total

    def discriminator_loss(self, real: ImageBatch) -> Tensor:
        """The objective on real images and as many generated ones, in separate passes (separate batch statistics)."""
        images, (_, fake) = self.real_images(real), self.images_to_judge(real)
        loss = self.objective.discriminator(self.judge(images, real), self.judge(fake, real))
        return loss + self.penalty(real, images, fake)

    def generator_loss(self, real: ImageBatch) -> Tensor:
        """The objective on generated images, as many as there are real ones."""
        _, fake = self.images_to_improve(real)
        return self.objective.generator(self.judge(fake, real))

    @in_inference
    def features(self, images: Tensor) -> Tensor:
        """The discriminator's feature maps of images (B, C, H, W) in [-1, 1], each max-pooled to 4 x 4: (B, F).

        With batch statistics, give batches of mixed images.

        Source: DCGAN (arXiv 1511.06434), section 5.1.
        """
        return max_pooled(self.discriminator.feature_maps(images), grid=4)
