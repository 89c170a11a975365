"""SRResNet: residual blocks at low resolution, then pixel shuffles."""

from torch import Tensor, nn

from genzoo.core.checks import check_integer, check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_unit
from genzoo.core.registry import register


class _Block(nn.Module):
    """x plus two 3 x 3 convolutions of it, each with batch norm."""

    def __init__(self, channels: int):
        super().__init__()
        self.layers = nn.Sequential(*_normed(channels), nn.PReLU(), *_normed(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class _AroundBlocks(nn.Module):
    """x plus the residual blocks, one convolution and batch norm of it."""

    def __init__(self, channels: int, blocks: int):
        super().__init__()
        self.layers = nn.Sequential(*(_Block(channels) for _ in range(blocks)), *_normed(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


def _normed(channels: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)]


@register
class SRResNet(nn.Module):
    """Images of any size to images larger by a factor; the result is not limited to [-1, 1].

    Args:
        shape: (C, h, w) of the images; only C counts.
        outputs: number of channels of the result.
        factor: ratio of the sides of results and images, a power of 2; each doubling is a pixel shuffle.
        channels: of all feature maps but those before a pixel shuffle, which have four times as many.
        blocks: number of residual blocks.

    Raises:
        GenzooError: the factor is no power of 2, or there are no blocks.

    Source: SRGAN (Ledig et al. 2017, arXiv 1609.04802), section 2.1.1 and figure 4; images are in [0, 1], results in
        [-1, 1] (section 3.2).

    Example:
        >>> import torch
        >>> network = SRResNet(shape=(3, 8, 8), outputs=3, factor=4, channels=4, blocks=1)
        >>> network(torch.zeros(2, 3, 6, 10)).shape
        torch.Size([2, 3, 24, 40])
    """

    def __init__(
        self, shape: tuple[int, int, int], outputs: int, factor: int = 4, channels: int = 64, blocks: int = 16
    ):
        super().__init__()
        check_integer("model.generator.blocks", blocks, 1)
        check_positive("model.pairs.factor", factor)
        if factor & (factor - 1):
            raise GenzooError(f"model.pairs.factor={factor}: this network needs a power of 2.")
        self.shape, self.outputs = (shape[0], None, None), outputs
        layers = [nn.Conv2d(shape[0], channels, 9, padding=4), nn.PReLU(), _AroundBlocks(channels, blocks)]
        for _ in range(factor.bit_length() - 1):
            layers += [nn.Conv2d(channels, 4 * channels, 3, padding=1), nn.PixelShuffle(2), nn.PReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels, outputs, 9, padding=4))

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, h, w) in [-1, 1] -> images (B, outputs, factor h, factor w)."""
        return self.layers(to_unit(images))
