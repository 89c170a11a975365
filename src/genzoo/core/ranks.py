"""Values that all ranks agree on."""

from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from genzoo.core.errors import GenzooError

T = TypeVar("T")


def average_over_ranks(values: Tensor) -> Tensor:
    """Replaces a detached tensor by its mean over the ranks, in place, and returns it; alone it stays as it is."""
    if dist.is_initialized():
        dist.all_reduce(values)
        values /= dist.get_world_size()
    return values


def gather_objects(value: T) -> list[T]:
    """What all ranks hold, in their order: plain Python or NumPy; alone the one value."""
    if not dist.is_initialized():
        return [value]
    values: list[T] = [value] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return values


class _Gather(torch.autograd.Function):
    """A gradient is summed over the ranks' losses: where each rank's loss is a function of what it got from all, and
    the parameters' gradients are averaged over the ranks, these are those of one rank with all images.
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
        return total.chunk(dist.get_world_size())[dist.get_rank()]


def gather_over_ranks(values: Tensor) -> Tensor:
    """The rows (B, ...) of all ranks, (ranks x B, ...), differentiable; alone the tensor itself.

    Args:
        values: of the same shape on every rank.
    """
    return _Gather.apply(values.contiguous()) if dist.is_initialized() else values


def check_scope(scope: str) -> None:
    """Refuses what is not a set of images that statistics of a batch may be taken over.

    Raises:
        GenzooError: neither ``"rank"``, each rank's own batch, nor ``"global"``, those of all ranks together.
    """
    if scope not in ("rank", "global"):
        raise GenzooError(f"scope={scope!r} is unknown. Accepted: rank, global.")
