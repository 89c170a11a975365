"""Multilayer perceptrons for points in the plane.

Source: poolio/unrolled_gan, the notebook of arXiv 1611.02163, with the ReLU of the paper's appendix A or the
notebook's hyperbolic tangent.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from genzoo.core.errors import GenzooError, near
from genzoo.core.registry import register

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh}


def _perceptron(widths: Sequence[int], gain: float, activation: str) -> nn.Sequential:
    """Linear layers with activations between them; initial weights are orthogonal times ``gain``, biases 0."""
    if activation not in ACTIVATIONS:
        raise GenzooError(f"activation={activation}: unknown. {near(activation, ACTIVATIONS)}")
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        linear = nn.Linear(inputs, outputs)
        nn.init.orthogonal_(linear.weight, gain)
        nn.init.zeros_(linear.bias)
        layers += [linear, ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1])


@register
class MLPGenerator(nn.Module):
    """Hidden layers of nonlinear units and a linear output, limited to [-1, 1] only if ``bounded``.

    Args:
        latent: width of the latent code.
        shape: (C, H, W) of the outputs; (2, 1, 1) for points.
        hidden: widths of the hidden layers.
        gain: factor of the orthogonal initial weights.
        activation: ``relu`` or ``tanh``, of the hidden layers.
        bounded: whether a hyperbolic tangent limits the outputs to [-1, 1].

    Raises:
        GenzooError: an unknown activation.

    Example:
        >>> import torch
        >>> MLPGenerator(latent=256, shape=(2, 1, 1), hidden=[16, 16])(torch.zeros(3, 256)).shape
        torch.Size([3, 2, 1, 1])
    """

    def __init__(
        self,
        latent: int,
        shape: tuple[int, int, int],
        hidden: Sequence[int] = (128, 128),
        gain: float = 1.4,
        activation: str = "relu",
        bounded: bool = False,
    ):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.layers = _perceptron([latent, *hidden, channels * height * width], gain, activation)
        self.layers.extend([nn.Tanh()] if bounded else [])

    def forward(self, z: Tensor) -> Tensor:
        """Codes (B, latent) -> (B, C, H, W)."""
        return self.layers(z).unflatten(1, self.shape)


@register
class MLPDiscriminator(nn.Module):
    """Hidden layers of nonlinear units, its ``features``, and a linear output, its ``head``.

    Args:
        shape: (C, H, W) of the inputs; (2, 1, 1) for points.
        hidden: widths of the hidden layers.
        gain: factor of the orthogonal initial weights.
        activation: ``relu`` or ``tanh``, of the hidden layers.

    Raises:
        GenzooError: an unknown activation.

    Example:
        >>> import torch
        >>> MLPDiscriminator(shape=(2, 1, 1), hidden=[16])(torch.zeros(3, 2, 1, 1)).shape
        torch.Size([3])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        hidden: Sequence[int] = (128, 128),
        gain: float = 1.4,
        activation: str = "relu",
    ):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.layers = _perceptron([channels * height * width, *hidden, 1], gain, activation)

    @property
    def head(self) -> nn.Linear:
        """The last layer."""
        last = self.layers[-1]
        assert isinstance(last, nn.Linear)
        return last

    def features(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> the last hidden layer (B, F)."""
        return self.layers[:-1](images.flatten(1))

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> logits (B,)."""
        return self.layers(images.flatten(1)).squeeze(1)
