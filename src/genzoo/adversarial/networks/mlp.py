"""Multilayer perceptrons for points in the plane.

Source: poolio/unrolled_gan, the notebook of arXiv 1611.02163, with the ReLU of the paper's appendix A.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from genzoo.core.registry import register


def _perceptron(widths: Sequence[int], gain: float) -> nn.Sequential:
    """Linear layers with ReLUs between them; initial weights are orthogonal times ``gain``, biases 0."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        linear = nn.Linear(inputs, outputs)
        nn.init.orthogonal_(linear.weight, gain)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@register
class MLPGenerator(nn.Module):
    """Hidden layers of rectified linear units and a linear output, which is not limited to [-1, 1].

    Args:
        latent: width of the latent code.
        shape: (C, H, W) of the outputs; (2, 1, 1) for points.
        hidden: widths of the hidden layers.
        gain: factor of the orthogonal initial weights.

    Example:
        >>> import torch
        >>> MLPGenerator(latent=256, shape=(2, 1, 1), hidden=[16, 16])(torch.zeros(3, 256)).shape
        torch.Size([3, 2, 1, 1])
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], hidden: Sequence[int] = (128, 128), gain: float = 1.4):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.layers = _perceptron([latent, *hidden, channels * height * width], gain)

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> (B, C, H, W)."""
        return self.layers(z).unflatten(1, self.shape)


@register
class MLPDiscriminator(nn.Module):
    """Hidden layers of rectified linear units and a linear output.

    Args:
        shape: (C, H, W) of the inputs; (2, 1, 1) for points.
        hidden: widths of the hidden layers.
        gain: factor of the orthogonal initial weights.

    Example:
        >>> import torch
        >>> MLPDiscriminator(shape=(2, 1, 1), hidden=[16])(torch.zeros(3, 2, 1, 1)).shape
        torch.Size([3])
    """

    def __init__(self, shape: tuple[int, int, int], hidden: Sequence[int] = (128, 128), gain: float = 1.4):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.layers = _perceptron([channels * height * width, *hidden, 1], gain)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> logits (B,)."""
        return self.layers(images.flatten(1)).squeeze(1)
