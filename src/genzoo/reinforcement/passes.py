"""Epochs and minibatches of an update on a batch."""

import torch
from torch import Tensor

from genzoo.core.checks import check_positive
from genzoo.core.registry import register


@register
class Passes:
    """Several epochs over a batch, each in a new random order and in minibatches of (almost) equal size.

    Args:
        epochs: number of epochs.
        minibatches: number of minibatches per epoch.

    Raises:
        GenzooError: a number is not a positive integer.

    Example:
        >>> [len(part) for part in Passes(epochs=2, minibatches=3).over(10)]
        [4, 3, 3, 4, 3, 3]
    """

    def __init__(self, epochs: int = 1, minibatches: int = 1):
        check_positive("epochs", epochs)
        check_positive("minibatches", minibatches)
        self.epochs, self.minibatches = epochs, minibatches

    def __len__(self) -> int:
        """Number of minibatches in total."""
        return self.epochs * self.minibatches

    def over(self, n: int, device: torch.device | str = "cpu") -> list[Tensor]:
        """The indices of each minibatch of a batch of n; in order, if there is one minibatch per epoch."""
        if self.minibatches == 1:
            return [torch.arange(n, device=device)] * self.epochs
        orders = [torch.randperm(n, device=device) for _ in range(self.epochs)]
        return [part for order in orders for part in order.tensor_split(self.minibatches)]


def share_of(n: int, fraction: float, device: torch.device | str = "cpu") -> Tensor | slice:
    """The indices of a random fraction of a batch of n, at least one; for 1, the whole batch in order."""
    if fraction == 1:
        return slice(None)
    return torch.randperm(n, device=device)[: max(round(fraction * n), 1)]
