"""The supervised baseline of semi-supervised learning: a classifier trained on the labelled images only."""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.networks import base
from genzoo.core.batches import DataSpec, ImageBatch, Stream
from genzoo.core.capabilities import Classifies, Features
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.data_dependent import INITIAL, initialise_from_data


class ClassifyingDiscriminator:
    """Common methods of the models whose ``discriminator`` maps images to logits (B, classes)."""

    discriminator: nn.Module

    def check_classes(self, data: DataSpec) -> None:
        """Checks that the data has as many classes as the discriminator has logits.

        Raises:
            GenzooError: the numbers differ; names both.
        """
        classes = self.discriminator.classes
        if data.classes != classes:
            raise GenzooError(
                f"data={data.name} has {data.classes} classes, but the discriminator has {classes} logits; "
                f"use model.discriminator.classes={data.classes}."
            )

    def check_logits(self) -> None:
        """Checks that the discriminator has a logit.

        Raises:
            GenzooError: it has none, for example because the data has no classes.
        """
        if not self.discriminator.classes:
            raise GenzooError(
                "model.discriminator.classes=0: at least one logit is needed; if the classes are the data's, choose "
                "data with labels."
            )

    @in_inference
    def classify(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, C, H, W) in [-1, 1]."""
        return self.discriminator(images)

    @in_inference
    def features(self, images: Tensor) -> Tensor:
        """The discriminator's last hidden features (B, F) of images (B, C, H, W) in [-1, 1]."""
        return self.discriminator.features(images)


@register
class Classifier(ClassifyingDiscriminator, ImageModule):
    """The discriminator of ``SemiSupervisedGAN`` alone, trained by the cross-entropy of labelled images.

    The data-dependent initialisation uses unlabelled training images, too.

    Args:
        discriminator: maps images to logits (B, classes), and to ``features`` (B, F).
        kwargs: of ``RoundModule``; the one player is ``discriminator``.
    """

    def __init__(self, discriminator: nn.Module, **kwargs: Any):
        super().__init__(**kwargs)
        check_network(discriminator, base.ClassDiscriminator, "model.discriminator")
        self.discriminator, self.image_shape = discriminator, tuple(discriminator.shape)

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator."""
        return {"discriminator": [self.discriminator]}

    def turns(self) -> tuple[Turn, ...]:
        """One turn, on a batch of labelled images."""
        return (Turn({"discriminator": self.discriminator_loss}, (Stream("labelled", "labelled"),)),)

    def capabilities(self) -> frozenset[type]:
        """It classifies and has features."""
        return frozenset({Classifies, Features})

    def check_data(self, data: DataSpec) -> None:
        """Raises a GenzooError, too, for data with another number of classes, or without labels."""
        super().check_data(data)
        self.check_classes(data)

    def initialise(self, images: Tensor) -> None:
        """Data-dependent initialisation from training images (N, C, H, W)."""
        initialise_from_data(self.discriminator, lambda: images[:INITIAL])

    def discriminator_loss(self, labelled: ImageBatch) -> Tensor:
        """Cross-entropy of labelled images, a scalar."""
        return F.cross_entropy(at_least_float32(self.discriminator(labelled.images)), labelled.labels)
