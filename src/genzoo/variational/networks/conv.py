"""Convolutional networks that halve and double the image."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.precision import in_float32
from genzoo.core.registry import register


def _smallest(shape: tuple[int, int, int], levels: int) -> tuple[int, int]:
    """Returns height and width after ``levels`` halvings.

    Raises:
        GenzooError: an intermediate size is odd.
    """
    _, height, width = shape
    if height % 2**levels or width % 2**levels:
        raise GenzooError(
            f"model: {levels} levels halve the image {levels} times, which data.size={height} does not allow; "
            f"choose a multiple of {2**levels} pixels or fewer levels."
        )
    return height // 2**levels, width // 2**levels


@register
class ConvEncoder(nn.Module):
    """Convolutions of 4 x 4 with a stride of 2, a fully connected layer, rectified linear units.

    Args:
        shape: (C, H, W) of the images.
        outputs: number of outputs.
        channels: feature maps of each convolution.
        hidden: width of the fully connected layer.

    Raises:
        GenzooError: the size cannot be halved that many times.

    Example:
        >>> import torch
        >>> ConvEncoder((1, 28, 28), 40, channels=[32, 64], hidden=256)(torch.zeros(3, 1, 28, 28)).shape
        torch.Size([3, 40])
    """

    def __init__(self, shape: tuple[int, int, int], outputs: int, channels: Sequence[int], hidden: int):
        super().__init__()
        self.shape = tuple(shape)
        height, width = _smallest(self.shape, len(channels))
        layers: list[nn.Module] = []
        for inputs, maps in pairwise([shape[0], *channels]):
            layers += [nn.Conv2d(inputs, maps, 4, stride=2, padding=1), nn.ReLU()]
        layers += [nn.Flatten(), nn.Linear(channels[-1] * height * width, hidden), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(hidden, outputs))

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, outputs)."""
        return self.layers(images)


@register
class ConvDecoder(nn.Module):
    """The mirror image of the encoder, with transposed convolutions.

    Args:
        shape: (C, H, W) of the images.
        latent: width of the latent code.
        outputs: numbers per pixel.
        channels, hidden: as for ``ConvEncoder``, whose order this reverses.

    Raises:
        GenzooError: the size cannot be halved that many times.

    Example:
        >>> import torch
        >>> ConvDecoder((1, 28, 28), 20, 1, channels=[32, 64], hidden=256)(torch.zeros(3, 20)).shape
        torch.Size([3, 1, 28, 28])
    """

    def __init__(self, shape: tuple[int, int, int], latent: int, outputs: int, channels: Sequence[int], hidden: int):
        super().__init__()
        self.shape = tuple(shape)
        height, width = _smallest(self.shape, len(channels))
        first = channels[-1] * height * width
        layers = [nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, first), nn.ReLU()]
        layers.append(nn.Unflatten(1, (channels[-1], height, width)))
        for inputs, maps in pairwise([*reversed(channels), outputs]):
            layers += [nn.ConvTranspose2d(inputs, maps, 4, stride=2, padding=1), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, z: Tensor) -> Tensor:
        """(B, latent) -> (B, outputs, H, W), float32."""
        return in_float32(self.layers[-1], self.layers[:-1](z))
