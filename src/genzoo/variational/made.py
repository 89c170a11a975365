"""MADE: an autoregressive network over vectors."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from genzoo.core.checks import check_positive
from genzoo.core.registry import register
from genzoo.nn.elu import elu
from genzoo.nn.log_gain import LogGainLinear
from genzoo.variational.masks import check_hidden, degrees, linear_mask


@register
class MADE(nn.Module):
    """A network whose output element i depends on the z_j with j < i, and on the whole context.

    Args:
        size: width of z and of each output.
        hidden: widths of the hidden layers, each followed by ELU; any widths.
        context: width of the context; a linear map of it is added to the first hidden layer.
        outputs: number of output vectors.
        reverse: let element i depend on the z_j with j > i instead.
        init_std: standard deviation of each layer's units after data-dependent initialisation.

    Raises:
        GenzooError: a width is not a positive integer, or there is no hidden layer.

    Source: Germain et al. 2015, arXiv 1502.03509; openai/iaf, graphy/nodes/ar.py, ``mlp``. Unlike there,
        hidden units of equal degree are all connected, and none has the last degree, on which no output could depend.

    Example:
        >>> import torch
        >>> m, s = MADE(size=4, hidden=[10], context=3)(torch.zeros(2, 4), torch.zeros(2, 3))
        >>> m.shape, s.shape
        (torch.Size([2, 4]), torch.Size([2, 4]))
    """

    def __init__(
        self,
        size: int,
        hidden: Sequence[int],
        context: int,
        outputs: int = 2,
        reverse: bool = False,
        init_std: float = 0.1,
    ):
        super().__init__()
        check_positive("size", size)
        check_positive("context", context)
        check_hidden(hidden)

        def layer(inputs: Tensor, outputs: Tensor, strict: bool) -> nn.Module:
            mask = linear_mask(inputs, outputs, strict)
            mask = mask.flip(0, 1) if reverse else mask
            return LogGainLinear(len(inputs), len(outputs), mask=mask, init_std=init_std)

        ends = degrees(size, size)
        units = [ends, *(degrees(width, size - 1).floor() for width in hidden)]
        self.context = context
        self.of_context = LogGainLinear(context, hidden[0], init_std=init_std)
        self.layers = nn.ModuleList(layer(a, b, strict=False) for a, b in pairwise(units))
        self.heads = nn.ModuleList(layer(units[-1], ends, strict=True) for _ in range(outputs))

    def forward(self, z: Tensor, context: Tensor) -> list[Tensor]:
        """(B, size), (B, context) -> as many (B, size) as ``outputs``."""
        first, *others = self.layers
        h = elu(first(z) + self.of_context(context))
        for layer in others:
            h = elu(layer(h))
        return [head(h) for head in self.heads]
