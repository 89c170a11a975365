"""Reductions and gathers over the ranks of distributed training."""

from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from genzoo.core.errors import GenzooError

T = TypeVar("T")


def ranks() -> int:
    """The number of ranks; 1 in a single process."""
    return dist.get_world_size() if dist.is_initialized() else 1


def average_over_ranks(values: Tensor) -> Tensor:
    """Replaces a detached tensor by its mean over the ranks, in place, and returns it; a single process keeps it."""
    if dist.is_initialized():
        dist.all_reduce(values)
        values /= dist.get_world_size()
    return values


def gather_objects(value: T) -> list[T]:
    """The values of all ranks, in the order of the ranks.

    Args:
        value: plain Python or NumPy objects; in a single process the result is a list with this value only.
    """
    if not dist.is_initialized():
        return [value]
    values: list[T] = [value] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return values


class _Gather(torch.autograd.Function):
    """Gathers rows of all ranks; in the backward pass sums the gradients of all ranks' losses.

    If each rank computes its loss from the gathered rows, and the gradients of the parameters are averaged over the
    ranks, the result equals the gradients of a single process with all images.
    """

    @staticmethod
    def forward(ctx, values: Tensor) -> Tensor:
        ranks = [torch.empty_like(values) for _ in range(dist.get_world_size())]
        dist.all_gather(ranks, values)
        return torch.cat(ranks)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return own_rows(total)


def gather_over_ranks(values: Tensor) -> Tensor:
    """The rows of all ranks, (ranks x B, ...), differentiable; in a single process the given tensor.

    Args:
        values: (B, ...), of the same shape on every rank.
    """
    return _Gather.apply(values.contiguous()) if dist.is_initialized() else values


def own_rows(values: Tensor) -> Tensor:
    """This rank's rows of a tensor of the form that ``gather_over_ranks`` returns."""
    return values.chunk(dist.get_world_size())[dist.get_rank()] if dist.is_initialized() else values


def mean_over_ranks(values: Tensor) -> Tensor:
    """The mean of all ranks' tensors, differentiable; in a single process the given tensor."""
    return gather_over_ranks(values[None]).mean(0) if dist.is_initialized() else values


def check_scope(scope: str) -> None:
    """Checks the scope of batch statistics: ``"rank"``, each rank's own batch, or ``"global"``, all ranks' batches.

    Raises:
        GenzooError: it is neither.
    """
    if scope not in ("rank", "global"):
        raise GenzooError(f"scope={scope!r} is unknown. Accepted: rank, global.")
