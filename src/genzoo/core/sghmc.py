"""Stochastic gradient Hamiltonian Monte Carlo: gradient descent with momentum and noise, which samples parameters."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from genzoo.core.optimizer import Optimizer
from genzoo.core.ranks import average_over_ranks, ranks
from genzoo.core.registry import register


@register
class SGHMC(Optimizer):
    """v ← (1 - a) v - η ∇L + N(0, 2 a η / N), then θ ← θ + v: draws from a density proportional to exp(-N L(θ)).

    L is the loss, the negative logarithm of a posterior of N observations divided by N. The draws are exact in the
    limit of a small η. Without the noise, this is gradient descent with the momentum 1 - a.

    The noise comes from torch's global generator, and is the same on all ranks.

    Args:
        params: parameters, or groups of them, all on one device.
        lr: η, N times the paper's.
        friction: a in (0, 1].
        observations: N; 1 = the loss is not divided.

    Raises:
        ValueError: an option is out of range.

    Source: Chen, Fox, Guestrin 2014, arXiv 1402.4102, equation 15, with no estimate of the gradient's noise; Saatchi,
        Wilson 2017, arXiv 1705.09558, algorithm 1.

    Example:
        >>> p = nn.Parameter(torch.zeros(1000))
        >>> optimizer = SGHMC([p], lr=0.1, friction=0.5, observations=4)
        >>> for _ in range(200):
        ...     p.grad = p.detach().clone()  # L = θ² / 2
        ...     optimizer.step()
        >>> round(p.std().item(), 1)  # √(1 / 4)
        0.5
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter] | Iterable[dict[str, Any]],
        lr: float = 1e-3,
        friction: float = 0.01,
        observations: int = 1,
    ):
        if lr < 0 or not 0 < friction <= 1 or observations < 1:
            raise ValueError(
                f"lr={lr}, friction={friction}, observations={observations}: lr of at least 0, friction above 0 and up "
                "to 1, and observations of at least 1 are needed"
            )
        super().__init__(params, {"lr": lr, "friction": friction, "observations": observations})

    def move(self, parameters: list[Tensor], gradients: list[Tensor], group: dict[str, Any]) -> None:
        """See ``Optimizer``."""
        lr, friction = group["lr"], group["friction"]
        std = math.sqrt(2 * friction * lr / group["observations"])
        states = [self.state[p] for p in parameters]
        for p, state in zip(parameters, states, strict=True):
            if not state:
                state["velocity"] = torch.zeros_like(p)
        velocities = [state["velocity"] for state in states]
        torch._foreach_mul_(velocities, 1 - friction)
        torch._foreach_add_(velocities, gradients, alpha=-lr)
        torch._foreach_add_(velocities, _noise(parameters), alpha=std)
        torch._foreach_add_(parameters, velocities)


def _noise(parameters: list[Tensor]) -> list[Tensor]:
    """Standard normal numbers for each parameter: the ranks' sum divided by the root of their number."""
    sizes = [p.numel() for p in parameters]
    numbers = torch.randn(sum(sizes), dtype=parameters[0].dtype, device=parameters[0].device)
    numbers = average_over_ranks(numbers) * math.sqrt(ranks())
    return [part.view_as(p) for part, p in zip(numbers.split(sizes), parameters, strict=True)]
