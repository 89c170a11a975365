"""PixelCNN: masked convolutions."""

from collections.abc import Sequence

from torch import Tensor, nn

from genzoo.autoregressive.checks import check_sizes
from genzoo.autoregressive.networks.base import CausalNetwork, Readout
from genzoo.core.registry import register
from genzoo.nn.masked import MaskedConv2d


class ResidualBlock(nn.Module):
    """x + 1 x 1, k x k, 1 x 1 convolutions, a ReLU before each; half the maps inside.

    Args:
        hidden: h; input and output have 2 h maps.
        kernel: k.
        colours: see ``MaskedConv2d``.

    Source: van den Oord et al. 2016, arXiv 1601.06759, figure 5 (left).
    """

    def __init__(self, hidden: int, kernel: int, colours: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReLU(),
            MaskedConv2d(2 * hidden, hidden, 1, "B", colours),
            nn.ReLU(),
            MaskedConv2d(hidden, hidden, kernel, "B", colours),
            nn.ReLU(),
            MaskedConv2d(hidden, 2 * hidden, 1, "B", colours),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, 2 h, H, W) -> the same shape."""
        return x + self.layers(x)


@register
class PixelCNN(CausalNetwork):
    """A 7 x 7 convolution with mask A, residual blocks with mask B, two 1 x 1 convolutions.

    The receptive field above and to the right of a pixel is a triangle that opens upwards; the pixels to the right of
    it are the blind spot.

    Args:
        channels, colours: see ``CausalNetwork``.
        outputs: parameters per pixel.
        hidden: h; there are 2 h maps between blocks.
        layers: number of blocks.
        readout: number of maps of the layer before the last.
        kernel: kernel size of the blocks.

    Raises:
        GenzooError: a size is not a positive integer.

    Source: van den Oord et al. 2016, arXiv 1601.06759, table 1 and figure 5.

    Example:
        >>> import torch
        >>> network = PixelCNN(channels=1, colours=1, outputs=1, hidden=4, layers=2, readout=8)
        >>> network(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(
        self, channels: int, colours: int, outputs: int, hidden: int, layers: int, readout: int, kernel: int = 3
    ):
        super().__init__(channels, colours)
        check_sizes(hidden=hidden, layers=layers, readout=readout, kernel=kernel)
        self.first = MaskedConv2d(channels, 2 * hidden, 7, "A", colours)
        self.blocks = nn.Sequential(*(ResidualBlock(hidden, kernel, colours) for _ in range(layers)))
        self.readout = Readout(2 * hidden, readout, outputs, colours)

    def across(self, images: Tensor, vertical: Sequence[Tensor]) -> Tensor:
        """Runs the whole network: the same convolutions cover the rows above."""
        return self.readout(self.blocks(self.first(images)))
