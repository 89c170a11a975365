"""The protocols of the networks of translation."""

from typing import Protocol

from torch import Tensor


class FeatureMaps(Protocol):
    """A discriminator with feature maps."""

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Images (B, C, H, W) in [-1, 1] -> feature maps (B, ...)."""
        ...
