"""A faster exponential linear unit."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _ELU(torch.autograd.Function):
    """y = max(x, exp(min(x, 0)) - 1), dy/dx = min(y, 0) + 1; only y is stored for the backward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = torch.maximum(x, x.clamp(max=0).exp_().sub_(1))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return y.clamp(max=0).add_(1).mul_(gradient)


def elu(x: Tensor) -> Tensor:
    """x where it is positive, exp(x) - 1 elsewhere, of any shape.

    On a CPU, torch's version uses the accurate expm1, which takes up to 20 times as long as exp: half of the time of a
    residual network's training round. In float32 the difference is below 1e-7; in half precision, where it would be
    larger, torch's version is used.

    Source: Clevert et al. 2015, arXiv 1511.07289, equation 16.

    Example:
        >>> elu(torch.tensor([-100.0, 0.0, 2.0]))
        tensor([-1.,  0.,  2.])
    """
    return F.elu(x) if x.is_cuda or x.itemsize < 4 else _ELU.apply(x)


class ELU(nn.Module):
    """``elu`` as a layer.

    Example:
        >>> ELU()(torch.tensor([-100.0, 2.0]))
        tensor([-1.,  2.])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return elu(x)
