"""A Gaussian as generator, and a perceptron on the line as discriminator.

Both compute in the data's units: models see numbers / ``extent``.

Source: f-GAN, arXiv 1606.00709, section 4.1; the discriminator's widths and activation are not from the paper's text.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from genzoo.core.registry import register


@register
class AffineGenerator(nn.Module):
    """x = μ + σ z, a Gaussian if z is standard normal; μ starts at 0 and σ at 1.

    Args:
        latent: width of the latent code, 1 or the number of outputs.
        shape: (C, H, W) of the outputs; (1, 1, 1) for numbers.
        extent: the outputs are (μ + σ z) / extent.

    Example:
        >>> AffineGenerator(latent=1, shape=(1, 1, 1))(torch.tensor([[0.5], [-2.0]])).flatten().tolist()
        [0.5, -2.0]
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], extent: float = 1.0):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.extent = extent
        self.mean = nn.Parameter(torch.zeros(channels * height * width))
        self.std = nn.Parameter(torch.ones(channels * height * width))

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> (B, C, H, W)."""
        return ((self.mean + self.std * z) / self.extent).unflatten(1, self.shape)


@register
class TanhDiscriminator(nn.Module):
    """Hidden layers of hyperbolic tangents and a linear output; PyTorch's initial weights.

    Args:
        shape: (C, H, W) of the inputs; (1, 1, 1) for numbers.
        hidden: widths of the hidden layers.
        extent: factor of the inputs.

    Example:
        >>> TanhDiscriminator(shape=(1, 1, 1), hidden=[8])(torch.zeros(3, 1, 1, 1)).shape
        torch.Size([3])
    """

    def __init__(self, shape: tuple[int, int, int], hidden: Sequence[int] = (64, 64), extent: float = 1.0):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.extent = extent
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise([channels * height * width, *hidden]):
            layers += [nn.Linear(inputs, outputs), nn.Tanh()]
        self.layers = nn.Sequential(*layers, nn.Linear(hidden[-1], 1))

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> outputs (B,)."""
        return self.layers(self.extent * images.flatten(1)).squeeze(1)
