"""Gated PixelCNN: two stacks of gated convolutions, without a blind spot."""

from collections.abc import Sequence

from torch import Tensor, nn

from genzoo.autoregressive.checks import check_sizes
from genzoo.autoregressive.networks.base import CausalNetwork, Readout
from genzoo.core.registry import register
from genzoo.nn.gated import GatedLayer


class GatedStacks(CausalNetwork):
    """Base of networks of gated layers, the first one with mask A; ``features`` is the horizontal stack.

    Args:
        channels, colours, condition: see ``CausalNetwork``; the condition biases every gate.
        hidden: number of maps of each stack.
        layers: number of gated layers.
        kernel: kernel size of all layers except the first, whose kernel size is 7.

    Raises:
        GenzooError: a size is not a positive integer.

    Source: van den Oord et al. 2016, arXiv 1606.05328, section 2.
    """

    def __init__(self, channels: int, colours: int, hidden: int, layers: int, kernel: int, condition: int):
        super().__init__(channels, colours, condition)
        check_sizes(hidden=hidden, layers=layers, kernel=kernel)
        first = GatedLayer(channels, hidden, 7, "A", colours, condition)
        others = (GatedLayer(hidden, hidden, kernel, "B", colours, condition) for _ in range(layers - 1))
        self.layers = nn.ModuleList([first, *others])

    def down(self, above: Tensor, c: Tensor | None = None) -> list[Tensor]:
        """Runs the vertical stack; returns the input of each layer to the horizontal stack."""
        v, all_for_horizontal = above, []
        for layer in self.layers:
            v, for_horizontal = layer.down(v, c)
            all_for_horizontal.append(for_horizontal)
        return all_for_horizontal

    def features(self, images: Tensor, vertical: Sequence[Tensor]) -> Tensor:
        """Runs the horizontal stack: (B, hidden, H, W)."""
        h = images
        for layer, from_above in zip(self.layers, vertical, strict=True):
            h = layer.across(h, from_above)
        return h


@register
class GatedPixelCNN(GatedStacks):
    """Gated layers, the first one with mask A, and two 1 x 1 convolutions.

    Args:
        channels, colours, hidden, layers, kernel, condition: see ``GatedStacks``.
        outputs: parameters per pixel.
        readout: number of maps of the layer before the last.

    Raises:
        GenzooError: a size is not a positive integer.

    Source: van den Oord et al. 2016, arXiv 1606.05328, section 2.

    Example:
        >>> import torch
        >>> network = GatedPixelCNN(channels=1, colours=1, outputs=1, hidden=4, layers=3, readout=8, condition=10)
        >>> network(torch.zeros(2, 1, 28, 28), torch.eye(10)[[3, 9]]).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(
        self,
        channels: int,
        colours: int,
        outputs: int,
        hidden: int,
        layers: int,
        readout: int,
        kernel: int = 3,
        condition: int = 0,
    ):
        super().__init__(channels, colours, hidden, layers, kernel, condition)
        check_sizes(readout=readout)
        self.readout = Readout(hidden, readout, outputs, colours)

    def across(self, images: Tensor, vertical: Sequence[Tensor]) -> Tensor:
        """Runs the horizontal stack and the last convolutions."""
        return self.readout(self.features(images, vertical))
