"""The networks of the introspective adversarial network.

Layers before batch norm have no bias, which its shift would make redundant.

Source: Brock et al. 2017, arXiv 1609.07093; ajbrock/Neural-Photo-Editor, IAN.py.
"""

import math
from itertools import pairwise

from torch import Tensor, nn

from genzoo.adversarial.networks.halving import halving_stages
from genzoo.adversarial.networks.sizes import halvings
from genzoo.core.registry import register
from genzoo.nn.initialisation import normal_initialisation
from genzoo.nn.minibatch import MinibatchDiscrimination
from genzoo.nn.multiscale import MultiscaleBlock, MultiscaleConv2d

STD = 0.02  # of the initial weights
SLOPE = 0.2  # of the leaky ReLU


@register
class Discriminator(nn.Module):
    """DCGAN's convolutions, whose last map is its ``features``; three logits of the map's means over pixels and their
    minibatch discrimination.

    Args:
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        channels: of the map at half resolution; each coarser one has twice as many.
        kernels: of minibatch discrimination.

    Example:
        >>> import torch
        >>> network = Discriminator(shape=(1, 28, 28), channels=2, kernels=3)
        >>> images = torch.zeros(4, 1, 28, 28)
        >>> network(images).shape, network.features(images).shape, [m.shape[1] for m in network.feature_maps(images)]
        (torch.Size([4, 3]), torch.Size([4, 196]), [2, 4])
    """

    classes = 3

    def __init__(self, shape: tuple[int, int, int], channels: int = 128, kernels: int = 500):
        super().__init__()
        self.shape = tuple(shape)
        stages, self.width = halving_stages(self.shape, channels, kernel=5, norm="batch")
        self.stages = nn.ModuleList([nn.Sequential(*stage) for stage in stages])
        similarity = MinibatchDiscrimination(channels * 2 ** (len(stages) - 1), kernels)
        logits = nn.Linear(similarity.outputs, self.classes, bias=False)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), similarity, logits)
        normal_initialisation(self, STD)

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Images (B, C, H, W) in [-1, 1] -> the outputs of the convolutions, after the non-linearity."""
        maps = [images]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps[1:]

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> the last map (B, width)."""
        return self.feature_maps(images)[-1].flatten(1)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> logits (B, 3)."""
        return self.head(self.feature_maps(images)[-1])


@register
class Encoder(nn.Module):
    """A hidden layer with batch norm and ReLU, and a linear output with batch norm.

    Args:
        features: width of the discriminator's features.
        outputs: number of outputs.
        hidden: width of the hidden layer.

    Example:
        >>> import torch
        >>> Encoder(features=196, outputs=8, hidden=5)(torch.zeros(2, 196)).shape
        torch.Size([2, 8])
    """

    def __init__(self, features: int, outputs: int, hidden: int = 1000):
        super().__init__()
        self.outputs = outputs
        self.layers = nn.Sequential(
            *(nn.Linear(features, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU()),
            *(nn.Linear(hidden, outputs, bias=False), nn.BatchNorm1d(outputs)),
        )
        normal_initialisation(self, STD)

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, F) -> outputs (B, outputs)."""
        return self.layers(features)


def _doubling(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(inputs, outputs, 5, 2, 2, output_padding=1, bias=False)


@register
class Generator(nn.Module):
    """Transposed convolutions that double the map, each but the last one before a block of multiscale convolutions; a
    multiscale convolution to tanh.

    The first block has the scales 0, 1, 2, the others 0, 1, 2, 3, the last convolution 1 to 4.

    Args:
        latent: width of the code.
        shape: (C, H, W) of the images: a power of two from 16 on, or 28.
        channels: of the last two maps; each coarser one has twice as many.

    Example:
        >>> import torch
        >>> Generator(latent=4, shape=(1, 28, 28), channels=2)(torch.zeros(2, 4)).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], channels: int = 128):
        super().__init__()
        self.shape = tuple(shape)
        doublings, size = halvings(self.shape)
        widths = [channels * 2**i for i in reversed(range(doublings - 1))]  # 512, 256, 128 for 64 pixels
        first = (widths[0], size, size)
        layers: list[nn.Module] = [nn.Linear(latent, math.prod(first)), nn.LeakyReLU(SLOPE), nn.Unflatten(1, first)]
        for i, (inputs, outputs) in enumerate(pairwise([widths[0], *widths])):
            layers += [_doubling(inputs, outputs), MultiscaleBlock(outputs, [0, 2] if i == 0 else [0, 2, 3], SLOPE)]
        layers += [_doubling(channels, channels), nn.BatchNorm2d(channels), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers, MultiscaleConv2d(channels, self.shape[0], [2, 3, 4], STD), nn.Tanh())
        normal_initialisation(self, STD)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, H, W) in [-1, 1]."""
        return self.layers(z)
