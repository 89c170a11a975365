"""Perceptrons with one hidden layer or several.

Source: Kingma, Welling 2013, arXiv 1312.6114, appendix C and section 5.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from genzoo.core.precision import in_float32
from genzoo.core.registry import register


def _perceptron(widths: Sequence[int], std: float) -> nn.Sequential:
    """Linear layers with tanh between; weights and biases normal of ``std``."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        linear = nn.Linear(inputs, outputs)
        nn.init.normal_(linear.weight, std=std)
        nn.init.normal_(linear.bias, std=std)
        layers += [linear, nn.Tanh()]
    return nn.Sequential(*layers[:-1])


@register
class MLPEncoder(nn.Module):
    """Hidden layers of tanh units and a linear output.

    Args:
        shape: (C, H, W) of the images.
        outputs: number of outputs.
        hidden: widths of the hidden layers.
        std: standard deviation of the initial weights.

    Example:
        >>> import torch
        >>> MLPEncoder((1, 28, 28), outputs=40, hidden=[500])(torch.zeros(3, 1, 28, 28)).shape
        torch.Size([3, 40])
    """

    def __init__(self, shape: tuple[int, int, int], outputs: int, hidden: Sequence[int], std: float = 0.01):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.layers = _perceptron([channels * height * width, *hidden, outputs], std)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, outputs)."""
        return self.layers(images.flatten(1))


@register
class MLPDecoder(nn.Module):
    """Hidden layers of tanh units and a linear output.

    Args:
        shape: (C, H, W) of the images.
        latent: width of the latent code.
        outputs: numbers per pixel.
        hidden: widths of the hidden layers.
        std: standard deviation of the initial weights.

    Example:
        >>> import torch
        >>> MLPDecoder((1, 28, 28), latent=20, outputs=1, hidden=[500])(torch.zeros(3, 20)).shape
        torch.Size([3, 1, 28, 28])
    """

    def __init__(
        self, shape: tuple[int, int, int], latent: int, outputs: int, hidden: Sequence[int], std: float = 0.01
    ):
        super().__init__()
        _, height, width = self.shape = tuple(shape)
        self.layers = _perceptron([latent, *hidden, outputs * height * width], std)
        self.parameter_shape = (outputs, height, width)

    def forward(self, z: Tensor) -> Tensor:
        """(B, latent) -> (B, outputs, H, W), float32."""
        return in_float32(self.layers[-1], self.layers[:-1](z)).unflatten(1, self.parameter_shape)
