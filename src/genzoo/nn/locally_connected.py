"""Convolutions whose kernels differ from position to position."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.registry import register


@register
class LocallyConnected(nn.Module):
    """A convolution with a kernel, and a bias, of its own at each position of the output.

    Biases are 0, weights are drawn uniformly with variance 2 / (fan in + fan out), the fans being those of one patch.

    Args:
        inputs, outputs: channels.
        size: (H, W) of the input.
        kernel: height and width of the kernels.
        stride: along H and W.
        padding: zeros on each side of the input.
        bias: whether there are biases.

    Example:
        >>> LocallyConnected(2, 8, (3, 96), kernel=3, stride=(1, 2), padding=1)(torch.zeros(4, 2, 3, 96)).shape
        torch.Size([4, 8, 3, 48])
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: tuple[int, int],
        kernel: int,
        stride: tuple[int, int] = (1, 1),
        padding: int = 0,
        bias: bool = True,
    ):
        super().__init__()
        self.kernel, self.stride, self.padding = kernel, stride, padding
        height, width = ((side + 2 * padding - kernel) // step + 1 for side, step in zip(size, stride, strict=True))
        self.size = (height, width)  #: of the output
        self.fan_in, self.fan_out = inputs * kernel**2, outputs * kernel**2
        self.weight = nn.Parameter(torch.empty(height * width, self.fan_in, outputs))
        self.bias = nn.Parameter(torch.zeros(height * width, outputs)) if bias else None
        bound = math.sqrt(6 / (self.fan_in + self.fan_out))
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, inputs, *size) -> maps (B, outputs, H', W')."""
        patches = F.unfold(x, self.kernel, padding=self.padding, stride=self.stride)  # (B, fan in, positions)
        y = torch.einsum("bkp,pko->bop", patches, self.weight)
        if self.bias is not None:
            y = y + self.bias.T
        return y.unflatten(2, self.size)
