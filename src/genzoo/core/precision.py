"""Conversion to float32, in which losses, heads and likelihoods are computed at any precision of the networks."""

from collections.abc import Callable

import torch
from torch import Tensor


def at_least_float32(values: Tensor) -> Tensor:
    """Converts half-precision values to float32; float32 and float64 stay unchanged.

    >>> [at_least_float32(torch.zeros(1, dtype=t)).dtype for t in (torch.bfloat16, torch.float64)]
    [torch.float32, torch.float64]
    """
    return values.to(torch.promote_types(values.dtype, torch.float32))


def in_float32(layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The output of a layer (such as one that computes a likelihood's parameters) for x, in float32, without autocast.

    >>> layer = torch.nn.Linear(2, 1)
    >>> with torch.autocast("cpu", dtype=torch.bfloat16):
    ...     layer(torch.zeros(1, 2)).dtype, in_float32(layer, torch.zeros(1, 2)).dtype
    (torch.bfloat16, torch.float32)
    """
    with torch.autocast(x.device.type, enabled=False):
        return layer(at_least_float32(x))
