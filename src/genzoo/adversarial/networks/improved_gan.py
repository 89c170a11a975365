"""Improved GAN's networks for MNIST as vectors (permutation invariant).

Source: openai/improved-gan, mnist_svhn_cifar10/train_mnist_feature_matching.py.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from genzoo.core.images import from_unit, to_unit
from genzoo.core.registry import register
from genzoo.nn.noise import GaussianNoise
from genzoo.nn.normalisation import shift_only
from genzoo.nn.weight_norm import WeightNormLinear

# Added to the squared norm of dense layers. The original adds nothing, but averaged weights that start from 0 need it.
TINY = 1e-12


@register
class MLPGenerator(nn.Module):
    """Fully connected softplus layers with batch norm without gain, and a weight-normalised sigmoid layer.

    Args:
        latent: width of the latent code.
        shape: (C, H, W) of the images.
        hidden: widths of the hidden layers.
        last_std, std_of_layer: of the last layer's data-dependent initialisation; see ``genzoo.nn.weight_norm``.

    Example:
        >>> import torch
        >>> MLPGenerator(latent=100, shape=(1, 28, 28), hidden=[8, 8])(torch.zeros(2, 100)).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(
        self,
        latent: int,
        shape: tuple[int, int, int],
        hidden: Sequence[int] = (500, 500),
        last_std: float | None = None,
        std_of_layer: bool = False,
    ):
        super().__init__()
        self.shape = tuple(shape)
        layers: list[nn.Module] = []
        for inputs, units in pairwise([latent, *hidden]):
            layers += [nn.Linear(inputs, units, bias=False), shift_only(nn.BatchNorm1d(units, eps=1e-6)), nn.Softplus()]
        last = {"train_gain": True, "init_std": last_std, "std_of_layer": std_of_layer}
        layers.append(WeightNormLinear(hidden[-1], math.prod(self.shape), **last))
        for layer in layers:
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)  # Lasagne's default
        self.layers = nn.Sequential(*layers, nn.Sigmoid(), nn.Unflatten(1, self.shape))

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, H, W) in [-1, 1]."""
        return from_unit(self.layers(z))


@register
class MLPDiscriminator(nn.Module):
    """Fully connected, weight-normalised rectified linear layers with Gaussian noise on every layer's input.

    Args:
        shape: (C, H, W) of the images.
        classes: number of logits.
        hidden: widths of the hidden layers.

    Example:
        >>> import torch
        >>> MLPDiscriminator(shape=(1, 28, 28), classes=10, hidden=[8, 8])(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 10])
    """

    def __init__(self, shape: tuple[int, int, int], classes: int, hidden: Sequence[int] = (1000, 500, 250, 250, 250)):
        super().__init__()
        self.shape, self.classes = tuple(shape), classes
        widths = [math.prod(self.shape), *hidden]
        layers: list[nn.Module] = []
        for i, (inputs, units) in enumerate(pairwise(widths)):
            layers += [GaussianNoise(0.5 if i else 0.3), WeightNormLinear(inputs, units, eps=TINY), nn.ReLU()]
        self.trunk = nn.Sequential(nn.Flatten(), *layers)
        last = WeightNormLinear(widths[-1], classes, train_gain=True, eps=TINY)
        self.head = nn.Sequential(GaussianNoise(0.5), last)
        for layer in (*layers, last):
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=0.1)

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> the last hidden layer (B, F)."""
        return self.trunk(to_unit(images))

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> class logits (B, classes)."""
        return self.head(self.features(images))
