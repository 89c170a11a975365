"""Exact nearest-neighbour search among many vectors."""

from collections.abc import Iterable

import torch
from torch import Tensor

CHUNK = 256  # queries and references per block of the distance matrix


def nearest(queries: Tensor, references: Iterable[Tensor], k: int) -> tuple[Tensor, Tensor]:
    """Returns the k nearest references of each query by Euclidean distance, nearest first.

    Args:
        queries: (N, F).
        references: chunks (M, F), one of which is in memory at a time.
        k: number of neighbours, at most the number of references.

    Returns:
        Distances, float64 (N, k), and indices (N, k).

    Example:
        >>> nearest(torch.tensor([[0.0]]), [torch.tensor([[3.0], [-1.0]]), torch.tensor([[2.0]])], k=2)[1]
        tensor([[1, 2]])
    """
    distances = torch.empty(len(queries), 0, dtype=torch.float64, device=queries.device)
    indices, seen = torch.empty(len(queries), 0, dtype=torch.long, device=queries.device), 0
    for chunk in references:
        # In float64 squares of levels are exact, so that equal images have distance 0.
        found = torch.cat([torch.cdist(q.double(), chunk.double()) for q in queries.split(CHUNK)])
        here = torch.arange(seen, seen + len(chunk), device=queries.device).expand(len(queries), -1)
        distances, indices = torch.cat([distances, found], 1), torch.cat([indices, here], 1)
        distances, order = distances.topk(min(k, distances.shape[1]), largest=False)
        indices, seen = indices.gather(1, order), seen + len(chunk)
    return distances, indices
