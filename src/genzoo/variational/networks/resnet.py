"""Residual networks with weight normalisation for small images.

Source: Kingma et al. 2016, arXiv 1606.04934, section 6.1 and appendix C.1: residual blocks of 3 x 3 convolutions with
    16, 32 and 32 feature maps, each level beginning with a stride of 2, exponential linear units, and a fully connected
    layer of 450 units between them and the latent variables. The paper does not state the blocks per level, the
    shortcuts (here convolutions where the size changes) and the standard deviations of the data-dependent
    initialisation.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.precision import in_float32
from genzoo.core.registry import register
from genzoo.nn.elu import ELU, elu
from genzoo.nn.log_gain import LogGainConv2d, LogGainLinear

RESIDUAL_STD = 0.1  # initial standard deviation of a block's residual


def _linear(inputs: int, outputs: int, init_std: float = 1.0) -> nn.Module:
    return LogGainLinear(inputs, outputs, init_std=init_std)


def _conv(inputs: int, outputs: int, stride: int = 1, init_std: float = 1.0) -> nn.Module:
    return LogGainConv2d(inputs, outputs, 3, stride, 1, init_std=init_std)


class Block(nn.Module):
    """y = shortcut(x) + conv(elu(conv(elu(x)))).

    Args:
        inputs, outputs: feature maps.
        size: height and width of y.
        direction: ``"down"``: from about twice the size, with a stride of 2; ``"up"``: from half the size, by nearest
            neighbours; None: from the same size.
    """

    def __init__(self, inputs: int, outputs: int, size: int, direction: str | None = None):
        super().__init__()
        stride = 2 if direction == "down" else 1
        self.size = size if direction == "up" else None
        self.first, self.second = _conv(inputs, outputs, stride), _conv(outputs, outputs, init_std=RESIDUAL_STD)
        self.shortcut = nn.Identity() if inputs == outputs and direction is None else _conv(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, size, size)."""
        if self.size is not None:
            x = F.interpolate(x, size=self.size)
        return self.shortcut(x) + self.second(elu(self.first(elu(x))))


def _sizes(shape: tuple[int, int, int], levels: int) -> list[int]:
    """Returns height and width before and after each halving, which rounds up.

    Raises:
        GenzooError: the image is too small.
    """
    _, height, width = shape
    sizes = [height]
    for _ in range(levels):
        sizes.append(-(-sizes[-1] // 2))
    if height != width or sizes[-1] == sizes[-2] or height < 2**levels:
        raise GenzooError(
            f"model: {levels} levels halve the image {levels} times, which data.size={height} does not allow; "
            f"give at least {2**levels} pixels or fewer levels."
        )
    return sizes


@register
class ResNetEncoder(nn.Module):
    """Levels of residual blocks, each beginning with a stride of 2, and a fully connected layer.

    Args:
        shape: (C, H, W) of the images.
        outputs: number of outputs.
        channels: feature maps of each level.
        blocks: residual blocks per level, including the one with the stride.
        hidden: width of the fully connected layer.

    Raises:
        GenzooError: the size cannot be halved that many times.

    Example:
        >>> import torch
        >>> ResNetEncoder((1, 28, 28), 64, channels=[16, 32, 32], hidden=450)(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 64])
    """

    def __init__(
        self, shape: tuple[int, int, int], outputs: int, channels: Sequence[int], hidden: int, blocks: int = 2
    ):
        super().__init__()
        check_positive("model.encoder.blocks", blocks)
        self.shape = tuple(shape)
        sizes = _sizes(self.shape, len(channels))
        layers: list[nn.Module] = []
        for (inputs, maps), size in zip(pairwise([shape[0], *channels]), sizes[1:], strict=True):
            layers += [Block(inputs, maps, size, "down"), *(Block(maps, maps, size) for _ in range(blocks - 1))]
        layers += [ELU(), nn.Flatten(), _linear(channels[-1] * sizes[-1] ** 2, hidden), ELU()]
        self.layers = nn.Sequential(*layers, _linear(hidden, outputs, init_std=RESIDUAL_STD))

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, outputs)."""
        return self.layers(images)


@register
class ResNetDecoder(nn.Module):
    """The mirror image of the encoder, with nearest-neighbour upsampling instead of strides.

    Args:
        shape: (C, H, W) of the images.
        latent: width of the latent code.
        outputs: numbers per pixel.
        channels, blocks, hidden: as for ``ResNetEncoder``, whose order this reverses.

    Raises:
        GenzooError: the size cannot be halved that many times.

    Example:
        >>> import torch
        >>> ResNetDecoder((1, 28, 28), 32, 1, channels=[16, 32, 32], hidden=450)(torch.zeros(2, 32)).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        latent: int,
        outputs: int,
        channels: Sequence[int],
        hidden: int,
        blocks: int = 2,
    ):
        super().__init__()
        check_positive("model.decoder.blocks", blocks)
        self.shape = tuple(shape)
        *sizes, smallest = _sizes(self.shape, len(channels))
        maps = [*reversed(channels), channels[0]]
        layers: list[nn.Module] = [_linear(latent, hidden), ELU(), _linear(hidden, maps[0] * smallest**2), ELU()]
        layers += [nn.Unflatten(1, (maps[0], smallest, smallest))]
        for (inputs, here), size in zip(pairwise(maps), reversed(sizes), strict=True):
            layers += [*(Block(inputs, inputs, size) for _ in range(blocks - 1)), Block(inputs, here, size, "up")]
        self.layers = nn.Sequential(*layers, ELU(), _conv(maps[-1], outputs, init_std=RESIDUAL_STD))

    def forward(self, z: Tensor) -> Tensor:
        """(B, latent) -> (B, outputs, H, W), float32."""
        return in_float32(self.layers[-1], self.layers[:-1](z))
