"""Values that all ranks agree on."""

import torch.distributed as dist
from torch import Tensor


def average_over_ranks(values: Tensor) -> Tensor:
    """Replaces a detached tensor by its mean over the ranks, in place, and returns it; alone it stays as it is."""
    if dist.is_initialized():
        dist.all_reduce(values)
        values /= dist.get_world_size()
    return values
