"""Batch norm of real and generated images side by side."""

import torch
from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32


class CrossBatchNorm(nn.Module):
    """Batch norm whose first half of channels has the statistics of real examples, its second that of generated ones.

    So each example is seen as unusual among the real ones in one half of the channels, and among the generated ones in
    the other. Gains start normal around 1 with 0.02, shifts at 0. Always the statistics of the batch at hand; under
    DDP those of the rank's own batch.

    Args:
        channels: of the feature maps, an even number.
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
            raise GenzooError(f"model.discriminator: cross batch norm halves its channels, so {channels} cannot be.")
        self.eps = eps
        self.weight = nn.Parameter(torch.randn(channels, 1) * 0.02 + 1)
        self.bias = nn.Parameter(torch.zeros(channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Real examples and then as many generated ones, (2 B, C, ...) -> the same shape."""
        values = at_least_float32(x).reshape(*x.shape[:2], -1)  # (2 B, C, positions)
        (real, _), (_, fake) = (half.chunk(2, dim=1) for half in values.chunk(2))
        variance, mean = torch.var_mean(torch.cat([real, fake], dim=1), (0, 2), correction=0, keepdim=True)
        scale = self.weight / (variance + self.eps).sqrt()
        return (values * scale + (self.bias - mean * scale)).reshape(x.shape).to(x.dtype)
