"""The networks of DTN.

Source: Taigman, Polyak, Wolf 2017, arXiv 1611.02200, section 5.1; widths, kernels and the pooling to one vector are
unverified.
"""

from itertools import chain, pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.nn.initialisation import dcgan_initialisation
from genzoo.translation.networks.halving import halving_stages

LEAST = 16  #: pixels, of which four halvings leave one


def check_side(shape: tuple[int, int, int]) -> None:
    """Checks the size of images.

    Raises:
        GenzooError: a side has fewer than 16 pixels.
    """
    if min(shape[1:]) < LEAST:
        raise GenzooError(f"data.size={shape[1]}: images of at least {LEAST} pixels are needed.")


@register
class TransferEncoder(nn.Module):
    """Four convolutions, each with a ReLU and max pooling, and the maximum over all positions: a vector per image.

    Args:
        shape: (C, H, W) of the images, sides of at least 16 pixels.
        channels: feature maps of the first convolution; the others have 2, 4 and 2 times as many.

    Raises:
        GenzooError: the images are smaller.

    Example:
        >>> import torch
        >>> network = TransferEncoder(shape=(3, 32, 32), channels=4)
        >>> network(torch.zeros(2, 3, 32, 32)).shape, network.width
        (torch.Size([2, 8]), 8)
    """

    def __init__(self, shape: tuple[int, int, int], channels: int = 64):
        super().__init__()
        check_side(shape)
        widths = [shape[0], *(channels * multiple for multiple in (1, 2, 4, 2))]
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.shape, self.width = tuple(shape), widths[-1]
        self.layers = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> features (B, width)."""
        return self.layers(images).amax((2, 3))


@register
class TransferDecoder(nn.Module):
    """Transposed convolutions from a vector to an image, whose middle is kept if the size is no power of 2.

    Args:
        width: number of features.
        shape: (C, H, W) of the images, squares.
        channels: feature maps before the last layer; those before have twice as many, and so on, up to 8 times.

    Example:
        >>> import torch
        >>> TransferDecoder(width=8, shape=(1, 28, 28), channels=2)(torch.zeros(3, 8)).shape
        torch.Size([3, 1, 28, 28])
    """

    def __init__(self, width: int, shape: tuple[int, int, int], channels: int = 64):
        super().__init__()
        self.shape = tuple(shape)
        doublings = max(shape[1] - 1, 4).bit_length() - 2  # from 4 pixels on
        widths = [channels * min(2**i, 8) for i in reversed(range(doublings))]
        layers: list[nn.Module] = [nn.ConvTranspose2d(width, widths[0], 4, bias=False)]
        for inputs, outputs in zip(widths, [*widths[1:], shape[0]], strict=True):
            layers += [nn.BatchNorm2d(inputs), nn.ReLU(), nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)]
        self.layers, self.margin = nn.Sequential(*layers, nn.Tanh()), (2 ** (doublings + 2) - shape[1]) // 2
        dcgan_initialisation(self)

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, width) -> images (B, C, H, W) in [-1, 1]."""
        _, height, width = self.shape
        whole = self.layers(features[..., None, None])
        return whole[..., self.margin : self.margin + height, self.margin : self.margin + width]


@register
class TransferDiscriminator(nn.Module):
    """Four convolutions of stride 2, and the mean over all positions of three logits.

    Args:
        shape: (C, H, W) of the images, sides of at least 16 pixels.
        channels: feature maps of the first convolution; each further one has twice as many.

    Raises:
        GenzooError: the images are smaller.

    Example:
        >>> import torch
        >>> TransferDiscriminator(shape=(1, 28, 28), channels=2)(torch.zeros(3, 1, 28, 28)).shape
        torch.Size([3, 3])
    """

    def __init__(self, shape: tuple[int, int, int], channels: int = 64):
        super().__init__()
        check_side(shape)
        widths = [channels * 2**i for i in range(4)]
        self.layers = nn.Sequential(*chain(*halving_stages(shape[0], widths)), nn.Conv2d(widths[-1], 3, 1))
        dcgan_initialisation(self)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [-1, 1] -> logits (B, 3)."""
        return F.adaptive_avg_pool2d(self.layers(images), 1).flatten(1)
