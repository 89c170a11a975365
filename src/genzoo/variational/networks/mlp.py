"""Perceptrons with one hidden layer or several.

Source: Kingma, Welling 2013, arXiv 1312.6114, appendix C and section 5.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.precision import in_float32
from genzoo.core.registry import register

ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "softplus": nn.Softplus}


def activation_of(name: str) -> nn.Module:
    """The activation of that name.

    Raises:
        GenzooError: the name is unknown.
    """
    if name not in ACTIVATIONS:
        raise GenzooError(f"activation={name!r} is unknown. Accepted: {', '.join(ACTIVATIONS)}.")
    return ACTIVATIONS[name]()


def _perceptron(widths: Sequence[int], std: float | None, activation: str) -> nn.Sequential:
    """Linear layers with activations between; weights and biases normal of ``std``.

    None: weights of 1 / √inputs, biases of 0.01.

    Source: dpkingma/nips14-ssl, anglepy/models/GPUVAE_Z_X.py (None).
    """
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        linear = nn.Linear(inputs, outputs)
        nn.init.normal_(linear.weight, std=inputs**-0.5 if std is None else std)
        nn.init.normal_(linear.bias, std=0.01 if std is None else std)
        layers += [linear, activation_of(activation)]
    return nn.Sequential(*layers[:-1])


@register
class MLPEncoder(nn.Module):
    """Hidden layers and a linear output.

    Args:
        shape: (C, H, W) of the images.
        outputs: number of outputs.
        hidden: widths of the hidden layers.
        std: standard deviation of the initial weights and biases; None = 1 / √inputs and 0.01.
        activation: of the hidden layers, ``"tanh"`` or ``"softplus"``.

    Example:
        >>> import torch
        >>> MLPEncoder((1, 28, 28), outputs=40, hidden=[500])(torch.zeros(3, 1, 28, 28)).shape
        torch.Size([3, 40])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        outputs: int,
        hidden: Sequence[int],
        std: float | None = 0.01,
        activation: str = "tanh",
    ):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.layers = _perceptron([channels * height * width, *hidden, outputs], std, activation)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, outputs)."""
        return self.layers(images.flatten(1))


@register
class MLPClassEncoder(nn.Module):
    """Hidden layers and a linear output, of an image and a class; the image's part of the first layer is computed once.

    Args:
        shape: (C, H, W) of the images.
        classes: number of classes.
        outputs: number of outputs.
        hidden: widths of the hidden layers.
        std: standard deviation of the initial weights.
        activation: of the hidden layers, ``"tanh"`` or ``"softplus"``.

    Example:
        >>> import torch
        >>> network = MLPClassEncoder((1, 28, 28), classes=10, outputs=100, hidden=[500])
        >>> labels = torch.eye(10)[:, None].expand(10, 3, 10)  # each class for each of 3 images
        >>> network(torch.zeros(3, 1, 28, 28), labels).shape
        torch.Size([10, 3, 100])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        outputs: int,
        hidden: Sequence[int],
        std: float = 0.01,
        activation: str = "tanh",
    ):
        super().__init__()
        channels, height, width = self.shape = tuple(shape)
        self.of_image = _perceptron([channels * height * width, hidden[0]], std, activation)
        self.of_label = nn.Linear(classes, hidden[0], bias=False)
        nn.init.normal_(self.of_label.weight, std=std)
        self.layers = nn.Sequential(activation_of(activation), _perceptron([*hidden, outputs], std, activation))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Images (B, C, H, W) and one-hot labels (..., B, classes) -> (..., B, outputs)."""
        return self.layers(self.of_image(images.flatten(1)) + self.of_label(labels))


@register
class MLPDecoder(nn.Module):
    """Hidden layers and a linear output.

    Args:
        shape: (C, H, W) of the images.
        latent: width of the latent code.
        outputs: numbers per pixel.
        hidden: widths of the hidden layers.
        std: standard deviation of the initial weights and biases; None = 1 / √inputs and 0.01.
        activation: of the hidden layers, ``"tanh"`` or ``"softplus"``.

    Example:
        >>> import torch
        >>> MLPDecoder((1, 28, 28), latent=20, outputs=1, hidden=[500])(torch.zeros(3, 20)).shape
        torch.Size([3, 1, 28, 28])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        latent: int,
        outputs: int,
        hidden: Sequence[int],
        std: float | None = 0.01,
        activation: str = "tanh",
    ):
        super().__init__()
        _, height, width = self.shape = tuple(shape)
        self.layers = _perceptron([latent, *hidden, outputs * height * width], std, activation)
        self.parameter_shape = (outputs, height, width)

    def forward(self, z: Tensor) -> Tensor:
        """(B, latent) -> (B, outputs, H, W), float32."""
        return in_float32(self.layers[-1], self.layers[:-1](z)).unflatten(1, self.parameter_shape)
