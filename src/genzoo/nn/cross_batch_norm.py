"""Batch norm of real and generated images in one batch."""

import torch
from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32


class CrossBatchNorm(nn.Module):
    """Batch norm with the statistics of real examples for half of the channels, of generated ones for the other half.

    So each example is normalised relative to the real examples in the first half of the channels, and relative to the
    generated examples in the second half. Initial gains are N(1, 0.02²), shifts 0. The statistics are always those of
    the current batch; under DDP those of the rank's own batch.

    Args:
        channels: number of channels of the feature maps, even.
        eps: added to the variance.

    Raises:
        GenzooError: an odd number of channels.

    Source: openai/improved-gan, imagenet/ops.py (batch_norm_cross); not in the paper.

    Example:
        >>> CrossBatchNorm(8)(torch.randn(3 + 3, 8, 4, 4)).shape
        torch.Size([6, 8, 4, 4])
    """

    def __init__(self, channels: int, eps: float = 1e-5):
        super().__init__()
        if channels % 2:
            raise GenzooError(f"model.discriminator: cross batch norm needs even channels, not {channels}.")
        self.eps = eps
        self.weight = nn.Parameter(torch.randn(channels, 1) * 0.02 + 1)
        self.bias = nn.Parameter(torch.zeros(channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """B real examples followed by B generated ones, (2 B, C, ...) -> the same shape."""
        values = at_least_float32(x).reshape(*x.shape[:2], -1)  # (2 B, C, positions)
        (real, _), (_, fake) = (half.chunk(2, dim=1) for half in values.chunk(2))
        variance, mean = torch.var_mean(torch.cat([real, fake], dim=1), (0, 2), correction=0, keepdim=True)
        scale = self.weight / (variance + self.eps).sqrt()
        return (values * scale + (self.bias - mean * scale)).reshape(x.shape).to(x.dtype)
