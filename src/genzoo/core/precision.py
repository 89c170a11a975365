"""Losses, heads and likelihoods are computed in float32, whatever the networks' precision."""

from collections.abc import Callable

import torch
from torch import Tensor


def at_least_float32(values: Tensor) -> Tensor:
    """Values of a half-precision network as float32; float32 and float64 as they are.

    >>> [at_least_float32(torch.zeros(1, dtype=t)).dtype for t in (torch.bfloat16, torch.float64)]
    [torch.float32, torch.float64]
    """
    return values.to(torch.promote_types(values.dtype, torch.float32))


def in_float32(layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """What a layer that gives a likelihood's parameters makes of x, in float32 whatever autocast says.

    >>> layer = torch.nn.Linear(2, 1)
    >>> with torch.autocast("cpu", dtype=torch.bfloat16):
    ...     layer(torch.zeros(1, 2)).dtype, in_float32(layer, torch.zeros(1, 2)).dtype
    (torch.bfloat16, torch.float32)
    """
    with torch.autocast(x.device.type, enabled=False):
        return layer(at_least_float32(x))
