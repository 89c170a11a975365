"""Multiscale dilated convolutions: one kernel at several dilations."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


@register
class MultiscaleConv2d(nn.Module):
    """The sum over scales s of convolutions with one kernel W of 3 x 3 at dilation s: y = Σ_s k_s (W *_s x).

    Scale 1 is always one of them; scale 0 is the convolution of 1 x 1 with the mean of W over its nine pixels. k_s has
    a learned number for each output channel, initially 1 divided by the number of scales. The map keeps its size; there
    is no bias.

    Args:
        inputs, outputs: numbers of channels.
        scales: the other scales.
        std: standard deviation of the initial W, with mean 0.

    Raises:
        GenzooError: a scale is negative, or occurs twice.

    Source: Brock et al. 2017, arXiv 1609.07093 (multiscale dilated convolution blocks); ajbrock/Neural-Photo-Editor,
        layers.py (MDCL).

    Example:
        >>> MultiscaleConv2d(2, 3, scales=[0, 2])(torch.zeros(1, 2, 8, 8)).shape
        torch.Size([1, 3, 8, 8])
    """

    def __init__(self, inputs: int, outputs: int, scales: Sequence[int], std: float = 0.02):
        super().__init__()
        self.scales = (1, *scales)
        if min(self.scales) < 0 or len({*self.scales}) < len(self.scales):
            raise GenzooError(f"scales={list(scales)}: different integers of at least 0, without 1, are needed.")
        self.weight = nn.Parameter(std * torch.randn(outputs, inputs, 3, 3))
        self.gains = nn.Parameter(torch.full((len(self.scales), outputs), 1 / len(self.scales)))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W)."""
        maps = []
        for scale, gain in zip(self.scales, self.gains, strict=True):
            kernel = self.weight if scale else self.weight.mean((2, 3), keepdim=True)
            maps.append(F.conv2d(x, gain[:, None, None, None] * kernel, padding=scale, dilation=max(scale, 1)))
        return torch.stack(maps).sum(0)


class MultiscaleBlock(nn.Module):
    """A residual block of two multiscale convolutions, each after batch norm and leaky ReLU, which also follow the sum.

    Args:
        channels: number of channels.
        scales: see ``MultiscaleConv2d``.
        slope: of the leaky ReLU.

    Source: ajbrock/Neural-Photo-Editor, layers.py (MDBLOCK).
    """

    def __init__(self, channels: int, scales: Sequence[int], slope: float = 0.2):
        super().__init__()

        def activation() -> list[nn.Module]:
            return [nn.BatchNorm2d(channels), nn.LeakyReLU(slope)]

        convolutions = [MultiscaleConv2d(channels, channels, scales) for _ in range(2)]
        self.residual = nn.Sequential(*activation(), convolutions[0], *activation(), convolutions[1])
        self.last = nn.Sequential(*activation())

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) -> the same shape."""
        return self.last(x + self.residual(x))
