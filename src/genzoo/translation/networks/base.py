"""The protocols of the networks of translation."""

from typing import Protocol

from torch import Tensor


class FeatureMaps(Protocol):
    """A discriminator with feature maps, which determine its output."""

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Images (B, C, H, W) in [-1, 1] -> feature maps (B, ...)."""
        ...

    def logits(self, maps: list[Tensor]) -> Tensor:
        """Feature maps -> the discriminator's output for the images."""
        ...


class Classifying(Protocol):
    """A discriminator that classifies, too."""

    classes: int

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> logits of the probability that they are real, (B,)."""
        ...

    def class_logits(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> logits of the classes, (B, classes)."""
        ...
