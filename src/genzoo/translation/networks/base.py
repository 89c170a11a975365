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
