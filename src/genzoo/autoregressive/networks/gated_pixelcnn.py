"""Gated PixelCNN: two stacks of gated convolutions, without a blind spot."""

from collections.abc import Sequence

from torch import Tensor, nn

from genzoo.autoregressive.checks import check_sizes
from genzoo.autoregressive.networks.base import CausalNetwork, Readout
from genzoo.core.registry import register
from genzoo.nn.gated import GatedLayer


@register
class GatedPixelCNN(CausalNetwork):
    """Gated layers, the first one with mask A, and two 1 x 1 convolutions.

    Args:
        channels, colours, classes: see ``CausalNetwork``; the class is a one-hot vector that biases every gate.
        outputs: parameters per pixel.
        hidden: number of maps of each stack.
        layers: number of gated layers.
        readout: number of maps of the layer before the last.
        kernel: kernel size of all layers except the first, whose kernel size is 7.

    Raises:
        GenzooError: a size is not a positive integer.

    Source: van den Oord et al. 2016, arXiv 1606.05328, section 2.

    Example:
        >>> import torch
        >>> network = GatedPixelCNN(channels=1, colours=1, outputs=1, hidden=4, layers=3, readout=8, classes=10)
        >>> network(torch.zeros(2, 1, 28, 28), torch.tensor([3, 9])).shape
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
        classes: int = 0,
    ):
        super().__init__(channels, colours, classes)
        check_sizes(hidden=hidden, layers=layers, readout=readout, kernel=kernel)
        first = GatedLayer(channels, hidden, 7, "A", colours, classes)
        others = (GatedLayer(hidden, hidden, kernel, "B", colours, classes) for _ in range(layers - 1))
        self.layers = nn.ModuleList([first, *others])
        self.readout = Readout(hidden, readout, outputs, colours)

    def down(self, above: Tensor, labels: Tensor | None = None) -> list[Tensor]:
        """Runs the vertical stack; returns the input of each layer to the horizontal stack."""
        c, v, all_for_horizontal = self.one_hot(labels, above), above, []
        for layer in self.layers:
            v, for_horizontal = layer.down(v, c)
            all_for_horizontal.append(for_horizontal)
        return all_for_horizontal

    def across(self, images: Tensor, vertical: Sequence[Tensor]) -> Tensor:
        """Runs the horizontal stack."""
        h = images
        for layer, from_above in zip(self.layers, vertical, strict=True):
            h = layer.across(h, from_above)
        return self.readout(h)
