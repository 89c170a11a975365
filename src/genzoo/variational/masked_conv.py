"""An autoregressive network over feature maps."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.nn.elu import elu
from genzoo.nn.log_gain import LogGainConv2d
from genzoo.variational.masks import check_hidden, conv_mask, degrees


@register
class MaskedConvNetwork(nn.Module):
    """A network whose output elements depend on the previous elements of z, and on the context around them.

    Elements are ordered by pixels, from the last to the first, and by channels within a pixel.

    Args:
        size: channels of z and of each output.
        hidden: channels of the hidden layers, each followed by ELU; [] = linear maps of z alone, without context.
        outputs: number of outputs.
        reverse: let an element depend on the later elements instead.
        kernel: odd width of the convolutions.
        init_std: standard deviation of each layer's channels after data-dependent initialisation.

    Raises:
        GenzooError: a width is not a positive integer, or the kernel is even.

    Source: Kingma et al. 2016, arXiv 1606.04934; openai/iaf, tf_utils/layers.py, ``ar_multiconv2d``.

    Example:
        >>> import torch
        >>> network = MaskedConvNetwork(size=4, hidden=[8, 8])
        >>> m, s = network(torch.zeros(2, 4, 5, 5), torch.zeros(2, network.context, 5, 5))
        >>> m.shape, s.shape
        (torch.Size([2, 4, 5, 5]), torch.Size([2, 4, 5, 5]))
    """

    def __init__(
        self,
        size: int,
        hidden: Sequence[int],
        outputs: int = 2,
        reverse: bool = False,
        kernel: int = 3,
        init_std: float = 1.0,
    ):
        super().__init__()
        check_positive("size", size)
        check_positive("kernel", kernel)
        if hidden != []:
            check_hidden(hidden)
        if kernel % 2 == 0:
            raise GenzooError(f"kernel={kernel}: expected an odd number, so that the kernel has a middle pixel.")

        def layer(inputs: Tensor, outputs: Tensor, strict: bool) -> nn.Module:
            mask = conv_mask(inputs, outputs, strict, kernel)
            mask = mask.flip(0, 1, 2, 3) if reverse else mask
            return LogGainConv2d(len(inputs), len(outputs), kernel, padding="same", mask=mask, init_std=init_std)

        ends = degrees(size, size)
        units = [ends, *(degrees(width, size) for width in hidden)]
        self.context = hidden[0] if hidden else 0  # added without a linear map
        self.layers = nn.ModuleList(layer(a, b, strict=False) for a, b in pairwise(units))
        self.heads = nn.ModuleList(layer(units[-1], ends, strict=True) for _ in range(outputs))

    def forward(self, z: Tensor, context: Tensor) -> list[Tensor]:
        """(B, size, H, W), (B, hidden[0], H, W) -> as many (B, size, H, W) as ``outputs``."""
        h = z
        for i, layer in enumerate(self.layers):
            h = elu(layer(h) + context) if i == 0 else elu(layer(h))
        return [head(h) for head in self.heads]
