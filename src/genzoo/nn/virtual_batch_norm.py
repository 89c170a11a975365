"""Virtual batch norm: each example is normalised with a fixed reference batch, not with the rest of its batch."""

import torch
from torch import Tensor, nn

from genzoo.core.precision import at_least_float32


class VirtualBatchNorm(nn.Module):
    """Normalises each example with the moments of a reference batch to which the example itself is added.

    The network concatenates the reference batch of N examples and the batch at its input, so that every layer computes
    both with the current weights and gradients flow through the reference; it drops the first N outputs. With moments
    over the positions of one example ("own") and of the whole reference ("ref"):

        mean = own / (N + 1) + ref N / (N + 1), likewise E[x²];   std = sqrt(eps + E[x²] - mean²)

    The reference examples themselves are normalised by "ref". Initial gains are N(1, 0.02²), shifts 0.

    Args:
        channels: number of channels of the feature maps.
        reference: N, number of examples in the reference batch.
        eps: added to the variance.

    Source: arXiv 1606.03498, section 3.5; openai/improved-gan, imagenet/model.py (VBN), as corrected in 2016 and 2017:
        the code of the paper's samples computed "own" over the whole batch, so that examples depended on each other.

    Example:
        >>> layer = VirtualBatchNorm(8, reference=3)
        >>> layer(torch.randn(3 + 2, 8, 4, 4)).shape
        torch.Size([5, 8, 4, 4])
    """

    def __init__(self, channels: int, reference: int, eps: float = 1e-5):
        super().__init__()
        self.reference, self.eps = reference, eps
        self.weight = nn.Parameter(torch.randn(channels, 1) * 0.02 + 1)
        self.bias = nn.Parameter(torch.zeros(channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Reference batch followed by the batch, (N + B, C, ...) -> the same shape."""
        values = at_least_float32(x).reshape(*x.shape[:2], -1)  # (N + B, C, positions)
        moments = torch.stack([values.mean(2, keepdim=True), values.square().mean(2, keepdim=True)])
        of_reference, own = moments.tensor_split([self.reference], dim=1)
        ref = of_reference.mean(1, keepdim=True)
        mean, square = torch.cat([ref.expand_as(of_reference), ref.lerp(own, 1 / (self.reference + 1))], dim=1)
        scale = self.weight / (self.eps + square - mean.square()).sqrt()
        return (values * scale + (self.bias - mean * scale)).reshape(x.shape).to(x.dtype)
