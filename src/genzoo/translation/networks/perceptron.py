"""Perceptrons that are applied to each pixel, such as a point in the plane."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from genzoo.core.registry import register


def _perceptron(widths: Sequence[int]) -> nn.Sequential:
    """1 x 1 convolutions with ReLUs between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Conv2d(inputs, outputs, 1), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@register
class PixelTranslator(nn.Module):
    """Hidden layers and a linear output, which is not limited to [-1, 1].

    Args:
        shape: (C, H, W) of the images; only C counts.
        outputs: number of channels of the result.
        hidden: widths of the hidden layers.

    Example:
        >>> import torch
        >>> PixelTranslator(shape=(1, 1, 1), outputs=2, hidden=[16])(torch.zeros(3, 1, 1, 1)).shape
        torch.Size([3, 2, 1, 1])
    """

    def __init__(self, shape: tuple[int, int, int], outputs: int, hidden: Sequence[int] = (128, 128)):
        super().__init__()
        self.shape, self.outputs = (shape[0], None, None), outputs
        self.layers = _perceptron([shape[0], *hidden, outputs])

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) -> (B, outputs, H, W)."""
        return self.layers(images)


@register
class PixelDiscriminator(nn.Module):
    """Hidden layers and a logit per pixel.

    Args:
        inputs: number of channels of the images.
        hidden: widths of the hidden layers.

    Example:
        >>> import torch
        >>> PixelDiscriminator(inputs=2, hidden=[16])(torch.zeros(3, 2, 1, 1)).shape
        torch.Size([3, 1, 1])
    """

    def __init__(self, inputs: int, hidden: Sequence[int] = (128, 128)):
        super().__init__()
        self.inputs, self.layers = inputs, _perceptron([inputs, *hidden, 1])

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, inputs, H, W) -> logits (B, H, W)."""
        return self.layers(images).squeeze(1)
