"""How often an update goes over a batch, and in how many parts."""

import torch
from torch import Tensor

from genzoo.core.checks import check_positive
from genzoo.core.registry import register


@register
class Passes:
    """Goes over a batch several times, each time in a fresh order and in parts of (almost) the same size.

    Args:
        epochs: times.
        minibatches: parts.

    Raises:
        GenzooError: one is no positive integer.

    Example:
        >>> [len(part) for part in Passes(epochs=2, minibatches=3).over(10)]
        [4, 3, 3, 4, 3, 3]
    """

    def __init__(self, epochs: int = 1, minibatches: int = 1):
        check_positive("epochs", epochs)
        check_positive("minibatches", minibatches)
        self.epochs, self.minibatches = epochs, minibatches

    def __len__(self) -> int:
        """Parts in all."""
        return self.epochs * self.minibatches

    def over(self, n: int, device: torch.device | str = "cpu") -> list[Tensor]:
        """The indices of each part of a batch of n; in order, if all are together."""
        if self.minibatches == 1:
            return [torch.arange(n, device=device)] * self.epochs
        orders = [torch.randperm(n, device=device) for _ in range(self.epochs)]
        return [part for order in orders for part in order.tensor_split(self.minibatches)]


def share_of(n: int, fraction: float, device: torch.device | str = "cpu") -> Tensor | slice:
    """The indices of a random fraction of a batch of n, at least one; of a whole one all."""
    if fraction == 1:
        return slice(None)
    return torch.randperm(n, device=device)[: max(round(fraction * n), 1)]
