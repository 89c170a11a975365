"""The perceptrons of adversarial autoencoders for MNIST as vectors.

Source: Makhzani et al. 2015, arXiv 1511.05644, appendix A.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, cat, nn
from torch.nn import functional as F

from genzoo.core.images import from_unit, to_unit
from genzoo.core.registry import register
from genzoo.nn.noise import GaussianNoise


def _perceptron(widths: Sequence[int], std: float) -> nn.Sequential:
    """Linear layers with ReLU between them; initial weights are N(0, std²), biases 0."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        linear = nn.Linear(inputs, outputs)
        nn.init.normal_(linear.weight, std=std)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@register
class MLPEncoder(nn.Module):
    """Hidden layers of ReLU and a linear output.

    Args:
        shape: (C, H, W) of the images.
        width: of the output.
        hidden: widths of the hidden layers.
        noise: standard deviation of Gaussian noise on the images in [0, 1], in training only.
        std: standard deviation of the initial weights.

    Example:
        >>> import torch
        >>> MLPEncoder(shape=(1, 28, 28), width=8, hidden=[16])(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 8])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        width: int,
        hidden: Sequence[int] = (1000, 1000),
        noise: float = 0.0,
        std: float = 0.01,
    ):
        super().__init__()
        self.shape, self.width = tuple(shape), width
        self.noise = GaussianNoise(noise)
        self.layers = _perceptron([math.prod(self.shape), *hidden, width], std)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> (B, width)."""
        return self.layers(self.noise(to_unit(images.flatten(1))))


@register
class MLPDecoder(nn.Module):
    """Hidden layers of ReLU and a sigmoid output.

    Args:
        latent: width of the code.
        shape: (C, H, W) of the images.
        hidden: widths of the hidden layers.
        std: standard deviation of the initial weights.

    Example:
        >>> import torch
        >>> MLPDecoder(latent=8, shape=(1, 28, 28), hidden=[16])(torch.zeros(2, 8)).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(
        self, latent: int, shape: tuple[int, int, int], hidden: Sequence[int] = (1000, 1000), std: float = 0.01
    ):
        super().__init__()
        self.shape = tuple(shape)
        self.layers = _perceptron([latent, *hidden, math.prod(self.shape)], std)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> images (B, C, H, W) in [-1, 1]."""
        return from_unit(self.layers(z).sigmoid()).unflatten(1, self.shape)


@register
class MLPCodeDiscriminator(nn.Module):
    """Hidden layers of ReLU and a linear output, on the values of a part of the code.

    Args:
        width: of the part.
        classes: number of classes of the labels beside the values, one-hot in ``classes`` + 1 numbers, of which the
            last one means an unknown label; 0 = no labels.
        hidden: widths of the hidden layers.
        noise: standard deviation of Gaussian noise on the values, in training only. With it, a category's
            probabilities need not be exactly 0 and 1 to look like one-hot draws.
        std: standard deviation of the initial weights.

    Source of the noise: musyoku/adversarial-autoencoder, run/semi-supervised/classification/model.py (0.3).

    Example:
        >>> import torch
        >>> MLPCodeDiscriminator(width=2, classes=10, hidden=[16])(torch.zeros(3, 2), torch.tensor([0, 9, -1])).shape
        torch.Size([3])
    """

    def __init__(
        self,
        width: int,
        classes: int = 0,
        hidden: Sequence[int] = (1000, 1000),
        noise: float = 0.0,
        std: float = 0.01,
    ):
        super().__init__()
        self.width, self.classes = width, classes
        self.noise = GaussianNoise(noise)
        self.layers = _perceptron([width + (classes + 1 if classes else 0), *hidden, 1], std)

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """Values (B, width) and labels (B,), -1 = unknown -> logits (B,)."""
        codes = self.noise(codes)
        if self.classes:
            labels = labels.remainder(self.classes + 1)  # unknown: the last one
            codes = cat([codes, F.one_hot(labels, self.classes + 1).to(codes.dtype)], dim=1)
        return self.layers(codes).squeeze(1)
