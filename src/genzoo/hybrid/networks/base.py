"""The protocols of the networks of hybrid models."""

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from genzoo.adversarial.networks.base import Discriminator, FeatureMaps, FeatureNetwork, Generator


class Encoder(Protocol):
    """Maps images (B, C, H, W) to the numbers of a code, (B, width); ``shape`` is (C, H, W)."""

    shape: tuple[int, int, int]
    width: int

    def forward(self, images: Tensor) -> Tensor:
        """Images in [-1, 1] -> real numbers; of a categorical part, logits."""
        ...


class CodeDiscriminator(Protocol):
    """Maps values of a part of the code, (B, width), to logits (B,) of "drawn from the prior".

    ``classes`` is the number of classes of the labels that it uses, 0 if it uses none.
    """

    width: int
    classes: int

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """Values and their labels, int64 (B,), -1 = unknown -> logits."""
        ...


class HeadedDecoder(Generator, Protocol):
    """A decoder of representations (B, n) to which codes are mapped first."""

    def embed(self, codes: Tensor) -> Tensor:
        """Codes (B, width) -> representations (B, n)."""
        ...

    def crowding(self, distance: float) -> Tensor:
        """By how much the categories' representations are closer than ``distance``, a scalar."""
        ...


class GaussianEncoder(Protocol):
    """Maps images (B, C, H, W) to ``outputs`` numbers: the means of a code, then the logarithms of its standard
    deviations.
    """

    shape: tuple[int, int, int]
    outputs: int

    def forward(self, images: Tensor) -> Tensor:
        """Images in [-1, 1] -> (B, outputs)."""
        ...


class ConditionalEncoder(Protocol):
    """Maps images (B, C, H, W) and one-hot labels (B, classes) to ``outputs`` numbers, as ``GaussianEncoder`` does."""

    shape: tuple[int, int, int]
    outputs: int

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Images in [-1, 1] and labels -> (B, outputs)."""
        ...


class LayeredDiscriminator(Discriminator, FeatureNetwork, Protocol):
    """A discriminator whose hidden layers have names."""

    names: Sequence[str]

    def output_of(self, layer: str, images: Tensor) -> Tensor:
        """The output (B, F) of the layer of that name for images (B, C, H, W) in [-1, 1]."""
        ...


class FeatureEncoder(Protocol):
    """Maps features (B, F) of images to ``outputs`` numbers, as ``GaussianEncoder`` does images."""

    outputs: int

    def forward(self, features: Tensor) -> Tensor:
        """Features -> (B, outputs)."""
        ...


class IntrospectiveDiscriminator(Discriminator, FeatureNetwork, FeatureMaps, Protocol):
    """A discriminator with logits (B, classes) and ``width`` features, from which codes are inferred."""

    classes: int
    width: int
