"""Averages of a network's parameters over training.

An average is a copy of the network and part of the module's state_dict, so that it is stored in checkpoints, restored
on resume and used by all metrics. A recipe sets which network is averaged, how and from which initial value.
"""

import copy

import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


class Average(nn.Module):
    """A copy of a network with averaged parameters; buffers (batch-norm statistics) are copied, not averaged.

    Subclasses implement the weight of the newest parameters. ``follow`` sets ``network``, the averaged copy.
    """

    network: nn.Module
    updates: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("updates", torch.zeros((), dtype=torch.long))

    def follow(self, network: nn.Module) -> None:
        """Starts from the network's current parameters."""
        self.network = copy.deepcopy(network).requires_grad_(False)
        self.updates.zero_()

    def weight(self) -> torch.Tensor | float:
        """Weight of the newest parameters in the average, as a function of ``updates``, the number of past updates."""
        raise NotImplementedError

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Updates the average with the network's current parameters."""
        weight = self.weight()
        for mine, theirs in zip(self.network.parameters(), network.parameters(), strict=True):
            mine.lerp_(theirs, weight)
        for buffer, newest in zip(self.network.buffers(), network.buffers(), strict=True):
            buffer.copy_(newest)
        self.updates += 1


@register
class EMA(Average):
    """Exponential moving average (EMA): a ← decay·a + (1 - decay)·p.

    Args:
        decay: in [0, 1).
        start: initial value: ``"parameters"``: the network's initial parameters; ``"zero"``: 0, without bias correction
            (as in the published code of Improved GAN, mnist_svhn_cifar10/nn.py).

    Example:
        >>> average, network = EMA(decay=0.9, start="zero"), nn.Linear(1, 1)
        >>> average.follow(network)
        >>> average.update(network)
        >>> torch.allclose(average.network.weight, 0.1 * network.weight)
        True
    """

    def __init__(self, decay: float, start: str = "parameters"):
        super().__init__()
        if not 0 <= decay < 1:
            raise GenzooError(f"averages: decay must be in [0, 1), got {decay}.")
        if start not in ("parameters", "zero"):
            raise GenzooError(f"averages: start={start!r} is unknown. Accepted: parameters, zero.")
        self.decay, self.start = decay, start

    def follow(self, network: nn.Module) -> None:
        """Starts from the network's current parameters, or from 0."""
        super().follow(network)
        if self.start == "zero":
            for p in self.network.parameters():
                p.data.zero_()

    def weight(self) -> float:
        """1 - decay."""
        return 1 - self.decay


@register
class Polyak(Average):
    """Equal-weight mean of the parameters after each update (Polyak & Juditsky 1992).

    Example:
        >>> average, network = Polyak(), nn.Linear(1, 1, bias=False)
        >>> average.follow(network)
        >>> for value in (1.0, 2.0, 6.0):
        ...     average.update(network.requires_grad_(False).apply(lambda m: m.weight.fill_(value)))
        >>> average.network.weight.item()
        3.0
    """

    def weight(self) -> torch.Tensor:
        """1 / (number of updates, including this one)."""
        return 1 / (self.updates + 1).float()
