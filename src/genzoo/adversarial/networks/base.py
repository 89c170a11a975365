"""The protocols of the networks of adversarial models.

Every network on images has the attribute ``shape``, (C, H, W) of the images.
"""

from typing import Protocol

from torch import Tensor, nn

from genzoo.core.errors import GenzooError


class Generator(Protocol):
    """Maps codes (B, latent.width) to images (B, C, H, W)."""

    shape: tuple[int, int, int]

    def forward(self, z: Tensor) -> Tensor:
        """Codes -> images in [-1, 1]."""
        ...


class Copies(Generator, Protocol):
    """Several generators, one of which the last numbers of a code choose."""

    members: nn.ModuleList

    def each(self, z: Tensor) -> Tensor:
        """Codes (copies, B, latent.width) -> images (copies, B, C, H, W) in [-1, 1]."""
        ...


class RandomGenerator(Generator, Protocol):
    """A generator with a distribution of its weights; the last ``count`` numbers of a code give the weights."""

    count: int

    def weights(self, z: Tensor) -> Tensor:
        """Codes (B, latent.width) -> weights (B, count)."""
        ...

    def divergence(self) -> Tensor:
        """The divergence of the weights' distribution from their prior, in nats."""
        ...


class Discriminator(Protocol):
    """Maps images (B, C, H, W) to logits or scores (B,)."""

    shape: tuple[int, int, int]

    def forward(self, images: Tensor) -> Tensor:
        """Images in [-1, 1] -> logits."""
        ...


class WeightedDiscriminator(Protocol):
    """Maps images (B, C, H, W) and the weights (B, W) of a generator to logits (B,)."""

    shape: tuple[int, int, int]

    def forward(self, images: Tensor, weights: Tensor) -> Tensor:
        """Images in [-1, 1] and weights -> logits."""
        ...


class PairDiscriminator(Protocol):
    """Maps pairs of an image (B, C, H, W) and a code (B, latent) to logits (B,)."""

    shape: tuple[int, int, int]
    latent: int

    def forward(self, images: Tensor, codes: Tensor) -> Tensor:
        """Images in [-1, 1] and codes -> logits."""
        ...


class FeatureNetwork(Protocol):
    """A network with features (B, F), for example for feature matching."""

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> features (B, F)."""
        ...


class Encoder(FeatureNetwork, Protocol):
    """Maps images (B, C, H, W), with channels of noise after those of the image if it has any, to outputs (B, outputs)
    that give a code; ``features`` are its hidden layers.
    """

    shape: tuple[int, int, int]

    def forward(self, images: Tensor) -> Tensor:
        """Images in [-1, 1] -> outputs."""
        ...


class FeatureDiscriminator(Discriminator, FeatureNetwork, Protocol):
    """A discriminator that is a linear ``head`` on its ``features``."""

    head: nn.Module


class ClassDiscriminator(FeatureDiscriminator, Protocol):
    """A discriminator with a logit per class: (B, classes)."""

    classes: int


class FeatureMaps(Protocol):
    """A network that returns the feature maps of its layers."""

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Images (B, C, H, W) in [-1, 1] -> maps (B, C', H', W'), from the first layer to the last."""
        ...


class ConditionalDiscriminator(Protocol):
    """Maps images (B, C, H, W) and one-hot labels (B, classes) to logits (B,)."""

    shape: tuple[int, int, int]
    classes: int

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Images in [-1, 1] and labels -> logits."""
        ...


class JointDiscriminator(Protocol):
    """Maps real and generated images together to logits (B, classes + 1) of each; the last is "generated"."""

    shape: tuple[int, int, int]
    classes: int | None

    def forward(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Two batches (B, C, H, W) in [-1, 1] -> the logits of each."""
        ...


class Autoencoder(Protocol):
    """Maps images (B, C, H, W) to their reconstructions."""

    shape: tuple[int, int, int]
    encoder: nn.Module
    decoder: nn.Module

    def forward(self, images: Tensor) -> Tensor:
        """Images -> reconstructions of the same shape."""
        ...


class Initialised(Protocol):
    """A network that is initialised from training images."""

    def initialise(self, images: Tensor) -> None:
        """Sets parameters from images (N, C, H, W) in [-1, 1]."""
        ...


def check_shape(network: nn.Module, shape: tuple[int, int, int], key: str) -> None:
    """Checks that a network is for images of the generator's (C, H, W).

    Args:
        network: the network.
        shape: (C, H, W) of the generator's images.
        key: the network's key in the configuration, for the message.

    Raises:
        GenzooError: it is for others; names both.
    """
    if tuple(network.shape) != tuple(shape):
        raise GenzooError(
            f"{key}: its images have the (channels, height, width) {tuple(network.shape)}, but the generator's "
            f"{tuple(shape)}; set both to the same."
        )
