"""CVAE-GAN's encoder and classifier, from VAE/GAN's networks."""

import torch
from torch import Tensor, nn

from genzoo.core.registry import register
from genzoo.hybrid.networks.vaegan import Discriminator, Encoder


@register
class ConditionalEncoder(Encoder):
    """VAE/GAN's encoder, whose last layer is also given the class.

    Args:
        shape: (C, H, W) of the images.
        outputs: number of outputs.
        classes: number of classes.
        channels: the unit of the widths; None = half as many as an image has pixels in a row.

    Example:
        >>> encoder = ConditionalEncoder(shape=(1, 28, 28), outputs=8, classes=3, channels=2)
        >>> encoder(torch.zeros(3, 1, 28, 28), torch.eye(3)).shape
        torch.Size([3, 8])
    """

    def __init__(self, shape: tuple[int, int, int], outputs: int, classes: int, channels: int | None = None):
        super().__init__(shape, outputs, channels)
        self.head = nn.Linear(self.head.in_features + classes, outputs)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] and one-hot labels (B, classes) -> outputs (B, outputs)."""
        features = self.features(images)
        return self.head(torch.cat([features, labels.to(features.dtype)], 1))


@register
class Classifier(Discriminator):
    """VAE/GAN's discriminator with a logit per class.

    Args:
        shape: (C, H, W) of the images.
        classes: number of classes.
        channels: the unit of the widths; None = half as many as an image has pixels in a row.

    Example:
        >>> Classifier(shape=(1, 28, 28), classes=10, channels=2)(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 10])
    """

    def __init__(self, shape: tuple[int, int, int], classes: int, channels: int | None = None):
        super().__init__(shape, channels)
        self.classes = classes
        self.head = nn.Linear(self.head.in_features, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> logits (B, classes)."""
        return self.head(self.features(images))
