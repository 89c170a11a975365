"""CatGAN's networks for MNIST as vectors (permutation invariant).

Source: Springenberg 2016, arXiv 1511.06390, section 4 and appendix B.

Layers before batch norm have no bias, which its shift would make redundant.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from genzoo.core.images import from_unit, to_unit
from genzoo.core.registry import register
from genzoo.nn.noise import GaussianNoise

SLOPE = 0.1  # of the leaky ReLU


def _layer(inputs: int, outputs: int) -> list[nn.Module]:
    linear = nn.Linear(inputs, outputs, bias=False)
    nn.init.kaiming_normal_(linear.weight, SLOPE)
    return [linear, nn.BatchNorm1d(outputs), nn.LeakyReLU(SLOPE)]


@register
class MLPGenerator(nn.Module):
    """Fully connected layers with batch norm and leaky ReLU, and a sigmoid output.

    Args:
        latent: width of the latent code.
        shape: (C, H, W) of the images.
        hidden: widths of the hidden layers.

    Example:
        >>> import torch
        >>> MLPGenerator(latent=128, shape=(1, 28, 28), hidden=[8, 8])(torch.zeros(2, 128)).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], hidden: Sequence[int] = (500, 500, 1000)):
        super().__init__()
        self.shape = tuple(shape)
        layers = [module for widths in pairwise([latent, *hidden]) for module in _layer(*widths)]
        last = nn.Linear(hidden[-1], math.prod(self.shape))
        self.layers = nn.Sequential(*layers, last, nn.Sigmoid(), nn.Unflatten(1, self.shape))

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, H, W) in [-1, 1]."""
        return from_unit(self.layers(z))


@register
class MLPDiscriminator(nn.Module):
    """Fully connected layers with batch norm and leaky ReLU, with Gaussian noise on every layer's input.

    Args:
        shape: (C, H, W) of the images.
        classes: number of categories, K.
        hidden: widths of the hidden layers.
        noise: standard deviation of the noise, of images in [0, 1] and of hidden layers.

    Example:
        >>> import torch
        >>> MLPDiscriminator(shape=(1, 28, 28), classes=10, hidden=[8, 8])(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        hidden: Sequence[int] = (1000, 500, 250, 250, 250),
        noise: float = 0.3,
    ):
        super().__init__()
        self.shape, self.classes = tuple(shape), classes
        layers: list[nn.Module] = []
        for widths in pairwise([math.prod(self.shape), *hidden]):
            layers += [GaussianNoise(noise), *_layer(*widths)]
        self.trunk = nn.Sequential(nn.Flatten(), *layers)
        self.head = nn.Sequential(GaussianNoise(noise), nn.Linear(hidden[-1], classes))

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> the last hidden layer (B, F)."""
        return self.trunk(to_unit(images))

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> logits (B, classes)."""
        return self.head(self.features(images))
