"""VAE/GAN's networks: convolutions of 5 x 5 with batch norm and ReLU, three of which halve or double the image.

All widths are multiples of ``channels``, 32 in the paper, whose images have 64 pixels. Odd sizes are halved upwards: 28
pixels to 14, 7 and 4.

Source: Larsen et al. 2016, arXiv 1512.09300; andersbll/autoencoding_beyond_pixels, architectures.py (img64x64).
"""

import math
from collections import OrderedDict
from itertools import pairwise

from torch import Tensor, nn

from genzoo.core.registry import register


def _sizes(shape: tuple[int, int, int]) -> list[int]:
    """The size of the images and of their maps after each halving.

    >>> _sizes((3, 64, 64)), _sizes((1, 28, 28))
    ([64, 32, 16, 8], [28, 14, 7, 4])
    """
    sizes = [shape[1]]
    for _ in range(3):
        sizes.append((sizes[-1] + 1) // 2)
    return sizes


def _unit(shape: tuple[int, int, int], channels: int | None) -> int:
    """``channels``, or by default half as many as an image has pixels in a row: 32 for 64 pixels, 14 for 28."""
    return channels or shape[1] // 2


def _halving(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 5, 2, 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


def _hidden(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU()]


@register
class Encoder(nn.Module):
    """Three convolutions, a hidden layer, which is its ``features``, and a linear output.

    Args:
        shape: (C, H, W) of the images.
        outputs: number of outputs.
        channels: the unit of the widths; None = half as many as an image has pixels in a row.

    Example:
        >>> import torch
        >>> Encoder(shape=(1, 28, 28), outputs=8, channels=2)(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 8])
    """

    def __init__(self, shape: tuple[int, int, int], outputs: int, channels: int | None = None):
        super().__init__()
        self.shape, self.outputs = tuple(shape), outputs
        n, smallest = _unit(self.shape, channels), _sizes(self.shape)[-1]
        stages = [layer for widths in pairwise([shape[0], 2 * n, 4 * n, 8 * n]) for layer in _halving(*widths)]
        self.trunk = nn.Sequential(*stages, nn.Flatten(), *_hidden(8 * n * smallest**2, 32 * n))
        self.head = nn.Linear(32 * n, outputs)

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> features (B, 32 channels)."""
        return self.trunk(images)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> outputs (B, outputs)."""
        return self.head(self.features(images))


@register
class Decoder(nn.Module):
    """A hidden layer, three transposed convolutions that double the map, and a convolution with tanh.

    Args:
        latent: width of the code.
        shape: (C, H, W) of the images.
        channels: see ``Encoder``.

    Example:
        >>> import torch
        >>> Decoder(latent=4, shape=(1, 28, 28), channels=2)(torch.zeros(2, 4)).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], channels: int | None = None):
        super().__init__()
        self.shape = tuple(shape)
        n, sizes = _unit(self.shape, channels), _sizes(self.shape)[::-1]
        first = (8 * n, sizes[0], sizes[0])
        layers: list[nn.Module] = [*_hidden(latent, math.prod(first)), nn.Unflatten(1, first)]
        for (inputs, outputs), (size, doubled) in zip(pairwise([8 * n, 8 * n, 4 * n, n]), pairwise(sizes), strict=True):
            extra = doubled - (2 * size - 1)  # one row and column less where the size is odd
            layers += [
                nn.ConvTranspose2d(inputs, outputs, 5, 2, 2, output_padding=extra, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(n, self.shape[0], 5, padding=2), nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, H, W) in [-1, 1]."""
        return self.layers(z)


@register
class Discriminator(nn.Module):
    """A convolution of stride 1, three that halve the map, a hidden layer, which is its ``features``, and a logit.

    The layers are named ``conv1`` to ``conv4``, ``norm2`` to ``norm4``, ``relu1`` to ``relu4``; ``hidden`` is the input
    of the hidden layer's norm.

    Args:
        shape: (C, H, W) of the images.
        channels: see ``Encoder``.

    Example:
        >>> import torch
        >>> network = Discriminator(shape=(1, 28, 28), channels=2)
        >>> network(torch.zeros(2, 1, 28, 28)).shape, network.output_of("conv4", torch.zeros(2, 1, 28, 28)).shape
        (torch.Size([2]), torch.Size([2, 256]))
    """

    def __init__(self, shape: tuple[int, int, int], channels: int | None = None):
        super().__init__()
        self.shape = tuple(shape)
        n, smallest = _unit(self.shape, channels), _sizes(self.shape)[-1]
        layers: dict[str, nn.Module] = {"conv1": nn.Conv2d(shape[0], n, 5, padding=2), "relu1": nn.ReLU()}
        for i, widths in enumerate(pairwise([n, 4 * n, 8 * n, 8 * n]), start=2):
            layers |= zip((f"conv{i}", f"norm{i}", f"relu{i}"), _halving(*widths), strict=True)
        layers["flat"] = nn.Flatten()
        layers |= zip(("hidden", "norm5", "relu5"), _hidden(8 * n * smallest**2, 16 * n), strict=True)
        self.names, self.trunk = tuple(layers), nn.Sequential(OrderedDict(layers))
        self.head = nn.Linear(16 * n, 1)

    def output_of(self, layer: str, images: Tensor) -> Tensor:
        """The output (B, F) of a hidden layer for images (B, C, H, W) in [-1, 1]."""
        return self.trunk[: self.names.index(layer) + 1](images).flatten(1)

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> features (B, 16 channels)."""
        return self.trunk(images)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> logits (B,)."""
        return self.head(self.features(images)).squeeze(1)
