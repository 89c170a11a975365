"""The Gated PixelCNN of PixelVAE, whose last layers are gated, too."""

from collections.abc import Sequence

from torch import Tensor, nn

from genzoo.autoregressive.networks.gated_pixelcnn import GatedStacks
from genzoo.core.precision import in_float32
from genzoo.core.registry import register
from genzoo.nn.gated import gate
from genzoo.nn.masked import MaskedConv2d


class GatedReadout(nn.Module):
    """Maps features to parameters: two gated 1 x 1 convolutions and a linear one, which is never in half precision.

    Args:
        hidden: number of feature maps.
        outputs: parameters per pixel.
        colours: see ``MaskedConv2d``.
        condition: width of the vector that biases the gates; 0 = none.

    Source: igul222/PixelVAE, mnist_pixelvae_train.py, ``Decoder_no_blind_conditioned_on_z``.
    """

    def __init__(self, hidden: int, outputs: int, colours: int, condition: int):
        super().__init__()
        self.first, self.second = (MaskedConv2d(hidden, 2 * hidden, 1, "B", colours, parts=2) for _ in range(2))
        self.outputs = MaskedConv2d(hidden, outputs, 1, "B", colours)
        self.condition = nn.Linear(condition, 4 * hidden, bias=False) if condition else None
        self.biases = 4 * hidden

    def bias_maps(self, c: Tensor | None, like: Tensor) -> Tensor:
        """Returns the biases of both layers by c (B, condition), as maps (B, 4 hidden, H, W) of like's size."""
        biases = like.new_zeros(len(like), self.biases) if c is None else self.condition(c)
        return biases[:, :, None, None].expand(-1, -1, *like.shape[2:])

    def forward(self, x: Tensor, biases: Tensor) -> Tensor:
        """Returns parameters (B, outputs, H, W) of features (B, hidden, H, W) and ``bias_maps``."""
        for_first, for_second = biases.chunk(2, dim=1)
        x = gate(self.first(x) + for_first)
        return in_float32(self.outputs, gate(self.second(x) + for_second))


@register
class FullyGatedPixelCNN(GatedStacks):
    """Gated layers, the first one with mask A, two gated 1 x 1 convolutions and a linear one; c biases all gates.

    Args:
        channels, colours, hidden, layers, kernel, condition: see ``GatedStacks``.
        outputs: parameters per pixel.

    Raises:
        GenzooError: a size is not a positive integer.

    Source: Gulrajani et al. 2016, arXiv 1611.05013; igul222/PixelVAE, mnist_pixelvae_train.py (``cond_z_bias``).

    Example:
        >>> import torch
        >>> network = FullyGatedPixelCNN(channels=1, colours=1, outputs=1, hidden=4, layers=3, condition=2)
        >>> network(torch.zeros(3, 1, 28, 28), torch.randn(3, 2)).shape
        torch.Size([3, 1, 28, 28])
    """

    def __init__(
        self, channels: int, colours: int, outputs: int, hidden: int, layers: int, kernel: int = 5, condition: int = 0
    ):
        super().__init__(channels, colours, hidden, layers, kernel, condition)
        self.readout = GatedReadout(hidden, outputs, colours, condition)

    def down(self, above: Tensor, c: Tensor | None = None) -> list[Tensor]:
        """Runs the vertical stack; also returns the biases of the last layers."""
        return [*super().down(above, c), self.readout.bias_maps(c, above)]

    def across(self, images: Tensor, vertical: Sequence[Tensor]) -> Tensor:
        """Runs the horizontal stack and the last convolutions."""
        *from_above, biases = vertical
        return self.readout(self.features(images, from_above), biases)
