"""ALI's networks for points in the plane.

All compute in the data's units: models see points / ``extent``.

Source: IshmaelBelghazi/ALI, experiments/ali_mixture.py: weights N(0, 0.02²), running averages of batch norm with 0.05.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from genzoo.core.registry import register
from genzoo.nn.initialisation import normal_initialisation
from genzoo.nn.maxout import Maxout

STD = 0.02  # of the initial weights
MOMENTUM = 0.05  # of the running averages of batch norm


def _perceptron(widths: Sequence[int]) -> nn.Sequential:
    """Linear layers, with batch norm and ReLU between them; only the last one has a bias."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths[:-1]):
        layers += [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs, momentum=MOMENTUM), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(*widths[-2:]))


@register
class MLPGenerator(nn.Module):
    """Hidden layers with batch norm and ReLU, and a linear output.

    Args:
        latent: width of the latent code.
        shape: (C, H, W) of the outputs; (2, 1, 1) for points.
        hidden: widths of the hidden layers.
        extent: divisor of the outputs.

    Example:
        >>> MLPGenerator(latent=2, shape=(2, 1, 1), hidden=[8, 8])(torch.zeros(3, 2)).shape
        torch.Size([3, 2, 1, 1])
    """

    def __init__(
        self, latent: int, shape: tuple[int, int, int], hidden: Sequence[int] = (400,) * 4, extent: float = 1.0
    ):
        super().__init__()
        self.shape, self.extent = tuple(shape), extent
        self.layers = _perceptron([latent, *hidden, math.prod(self.shape)])
        normal_initialisation(self, STD)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> (B, C, H, W)."""
        return self.layers(z).unflatten(1, self.shape) / self.extent


@register
class MLPEncoder(nn.Module):
    """Hidden layers with batch norm and ReLU, the last of which are its ``features``, and a linear output.

    Args:
        shape: (C, H, W) of the inputs; (2, 1, 1) for points.
        outputs: number of outputs.
        noise: channels of noise in the input.
        hidden: widths of the hidden layers.
        extent: factor of the points, not of the noise.

    Example:
        >>> MLPEncoder(shape=(2, 1, 1), outputs=2, noise=2, hidden=[8])(torch.zeros(3, 4, 1, 1)).shape
        torch.Size([3, 2])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        outputs: int,
        noise: int = 0,
        hidden: Sequence[int] = (400, 400),
        extent: float = 1.0,
    ):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.extent = extent
        self.layers = _perceptron([(channels + noise) * height * width, *hidden, outputs])
        normal_initialisation(self, STD)

    def features(self, images: Tensor) -> Tensor:
        """(B, C + noise, H, W) -> the last hidden layer (B, F)."""
        points, noise = images[:, : self.shape[0]], images[:, self.shape[0] :]
        return self.layers[:-1](torch.cat([self.extent * points, noise], 1).flatten(1))

    def forward(self, images: Tensor) -> Tensor:
        """(B, C + noise, H, W) -> outputs (B, outputs)."""
        return self.layers[-1](self.features(images))


@register
class MaxoutDiscriminator(nn.Module):
    """Maxout layers on the point and its code, and a linear output.

    Args:
        shape: (C, H, W) of the inputs; (2, 1, 1) for points.
        latent: width of the codes; 0 = it sees points only, the discriminator of a GAN.
        hidden: widths of the hidden layers.
        pieces: linear pieces per unit.
        extent: factor of the points, not of the codes.

    Example:
        >>> discriminator = MaxoutDiscriminator(shape=(2, 1, 1), latent=2, hidden=[8])
        >>> discriminator(torch.zeros(3, 2, 1, 1), torch.zeros(3, 2)).shape
        torch.Size([3])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        latent: int,
        hidden: Sequence[int] = (200,) * 3,
        pieces: int = 5,
        extent: float = 1.0,
    ):
        super().__init__()
        self.shape, self.latent, self.extent = tuple(shape), latent, extent
        widths = [math.prod(self.shape) + latent, *hidden]
        maxout = [Maxout(inputs, units, pieces) for inputs, units in pairwise(widths)]
        self.layers = nn.Sequential(*maxout, nn.Linear(widths[-1], 1))
        normal_initialisation(self, STD)

    def forward(self, images: Tensor, *codes: Tensor) -> Tensor:
        """(B, C, H, W) and, where ``latent`` is not 0, codes (B, latent) -> logits (B,)."""
        return self.layers(torch.cat([self.extent * images.flatten(1), *codes], 1)).squeeze(1)
