"""Adversarial models of images conditioned on the class."""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.gan import GAN
from genzoo.adversarial.labelled import LabelledGame
from genzoo.adversarial.networks import base
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Classifies
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register


@register
class ConditionalGAN(LabelledGame, GAN):
    """Generator and discriminator are conditioned on the class.

    Args:
        kwargs: of ``GAN``; the discriminator takes images and one-hot labels (B, classes), as
            ``genzoo.adversarial.networks.conditional.LabelMaps`` does.

    Source: Mirza, Osindero 2014, arXiv 1411.1784, equation 2.
    """

    needs = base.ConditionalDiscriminator

    def discriminate(self, images: Tensor, real: ImageBatch) -> Tensor:
        """Logits (B,) of images, conditioned on the labels of the batch of real images."""
        return at_least_float32(self.discriminator(images, self.one_hot(real.labels)))


@register
class ACGAN(LabelledGame, GAN):
    """The generator is conditioned on the class, and the discriminator has an auxiliary classifier.

    L_S is the objective; both players also maximise L_C = E log P(C = c | x) on real and generated images.

    Args:
        class_weight: weight of L_C in the discriminator's and in the generator's loss.
        kwargs: of ``GAN``; the discriminator must have ``features`` and a linear ``head``.

    Source: Odena, Olah, Shlens 2017, arXiv 1610.09585, equations 2 and 3.
    """

    needs = base.FeatureDiscriminator

    def __init__(self, class_weight: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.class_weight = class_weight
        self.class_head = nn.Linear(self.discriminator.head.in_features, self.classes)

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator's parameters include the class head."""
        return super().players() | {"discriminator": [self.discriminator, self.class_head]}

    def capabilities(self) -> frozenset[type]:
        """It classifies, too."""
        return super().capabilities() | {Classifies}

    def discriminator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The objective and its penalties, minus L_C of real and generated images."""
        images, (_, fake) = self.real_images(real), self.detached_fakes(real, made)
        (real_logits, real_classes), (fake_logits, fake_classes) = self._heads(images), self._heads(fake)
        loss = self.objective.discriminator(real_logits, fake_logits) + self.penalty(real, images, fake)
        misses = F.cross_entropy(real_classes, real.labels) + F.cross_entropy(fake_classes, real.labels)
        self.meters.log("class_loss", misses)
        return loss + self.class_weight * misses

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The objective minus L_C of generated images."""
        _, fake = made or self.make(real)
        features = self.discriminator.features(fake)
        misses = F.cross_entropy(at_least_float32(self.class_head(features)), real.labels)
        return self.generator_objective(real, features) + self.class_weight * misses

    @in_inference
    def classify(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, C, H, W) in [-1, 1]."""
        return self.class_head(self.discriminator.features(images))

    def _heads(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.discriminator.features(images)
        return self.logits(features), at_least_float32(self.class_head(features))
