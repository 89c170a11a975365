"""Maxout layers."""

from torch import Tensor, nn

from genzoo.core.registry import register


@register
class Maxout(nn.Module):
    """Each unit is the maximum of several linear pieces.

    Args:
        inputs: width of the input.
        units: width of the output.
        pieces: linear pieces per unit.

    Source: Goodfellow et al. 2013, arXiv 1302.4389, section 3.

    Example:
        >>> import torch
        >>> Maxout(784, 240, 5)(torch.zeros(3, 784)).shape
        torch.Size([3, 240])
    """

    def __init__(self, inputs: int, units: int, pieces: int):
        super().__init__()
        self.linear = nn.Linear(inputs, units * pieces)
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs) -> (B, units)."""
        return self.linear(x).unflatten(1, (-1, self.pieces)).amax(2)


class ChannelMaxout(nn.Module):
    """The maximum of each group of ``pieces`` adjacent channels, after a convolution or a linear layer.

    Args:
        pieces: channels per group.

    Source: Goodfellow et al. 2013, arXiv 1302.4389, section 3.

    Example:
        >>> import torch
        >>> ChannelMaxout(2)(torch.tensor([[1.0, 5.0, -2.0, -3.0]]))
        tensor([[ 5., -2.]])
    """

    def __init__(self, pieces: int):
        super().__init__()
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, ...) -> (B, C / pieces, ...)."""
        return x.unflatten(1, (-1, self.pieces)).amax(2)
