"""Perceptrons for images as vectors: a generator with batch norm, a discriminator of ELUs, an autoencoder."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor, nn

from genzoo.core.images import from_unit, to_unit
from genzoo.core.registry import register
from genzoo.nn.initialisation import uniform_initialisation


@register
class BatchNormGenerator(nn.Module):
    """Hidden layers of rectified linear units with batch norm, and a sigmoid output.

    Args:
        latent: width of the latent code.
        shape: (C, H, W) of the images.
        hidden: widths of the hidden layers.
        bound: initial weights are uniform on [-bound, bound]; None = PyTorch's.

    Source: f-GAN, arXiv 1606.00709, section 4.2; EBGAN, arXiv 1609.03126, section 4.1.

    Example:
        >>> import torch
        >>> BatchNormGenerator(latent=100, shape=(1, 28, 28), hidden=[16, 16])(torch.zeros(3, 100)).shape
        torch.Size([3, 1, 28, 28])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], hidden: Sequence[int], bound: float | None = None):
        super().__init__()
        self.shape = tuple(shape)
        layers = _hidden([latent, *hidden], lambda width: [nn.BatchNorm1d(width), nn.ReLU()])
        self.layers = nn.Sequential(*layers, nn.Linear(hidden[-1], math.prod(self.shape)))
        if bound is not None:
            uniform_initialisation(self, bound)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, H, W) in [-1, 1]."""
        return from_unit(self.layers(z).sigmoid()).unflatten(1, self.shape)


@register
class ELUDiscriminator(nn.Module):
    """Hidden layers of exponential linear units, its ``features``, and a linear output, its ``head``.

    Args:
        shape: (C, H, W) of the images.
        hidden: widths of the hidden layers.
        bound: initial weights are uniform on [-bound, bound]; None = PyTorch's.

    Source: arXiv 1606.00709, section 4.2.

    Example:
        >>> import torch
        >>> ELUDiscriminator(shape=(1, 28, 28), hidden=[8])(torch.zeros(3, 1, 28, 28)).shape
        torch.Size([3])
    """

    def __init__(self, shape: tuple[int, int, int], hidden: Sequence[int], bound: float | None = None):
        super().__init__()
        self.shape = tuple(shape)
        self.trunk = nn.Sequential(*_hidden([math.prod(self.shape), *hidden], lambda width: [nn.ELU()]))
        self.head = nn.Linear(hidden[-1], 1)
        if bound is not None:
            uniform_initialisation(self, bound)

    def features(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> the last hidden layer (B, F)."""
        return self.trunk(to_unit(images).flatten(1))

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> outputs (B,)."""
        return self.head(self.features(images)).squeeze(1)


@register
class MLPAutoencoder(nn.Module):
    """Hidden layers of rectified linear units, the last one of the encoder being the code, and a linear output.

    Args:
        shape: (C, H, W) of the images.
        encoder: widths of the encoder's layers, from the first one to the code.
        decoder: widths of the decoder's hidden layers.

    Example:
        >>> import torch
        >>> MLPAutoencoder(shape=(1, 28, 28), encoder=[16])(torch.zeros(3, 1, 28, 28)).shape
        torch.Size([3, 1, 28, 28])
    """

    def __init__(self, shape: tuple[int, int, int], encoder: Sequence[int], decoder: Sequence[int] = ()):
        super().__init__()
        self.shape = tuple(shape)
        pixels = math.prod(self.shape)
        self.encoder = nn.Sequential(nn.Flatten(), *_hidden([pixels, *encoder], lambda width: [nn.ReLU()]))
        back = [encoder[-1], *decoder]
        self.decoder = nn.Sequential(
            *_hidden(back, lambda width: [nn.ReLU()]), nn.Linear(back[-1], pixels), nn.Unflatten(1, self.shape)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) -> their reconstructions, of the same shape and not limited to [-1, 1]."""
        return self.decoder(self.encoder(images))


def _hidden(widths: Sequence[int], after: Callable[[int], list[nn.Module]]) -> list[nn.Module]:
    """Linear layers between these widths, each followed by the layers ``after`` (its width)."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), *after(outputs)]
    return layers
