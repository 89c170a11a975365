"""Losses, heads and likelihoods are computed in float32, whatever the networks' precision."""

import torch
from torch import Tensor


def at_least_float32(values: Tensor) -> Tensor:
    """Values of a half-precision network as float32; float32 and float64 as they are.

    >>> [at_least_float32(torch.zeros(1, dtype=t)).dtype for t in (torch.bfloat16, torch.float64)]
    [torch.float32, torch.float64]
    """
    return values.to(torch.promote_types(values.dtype, torch.float32))
