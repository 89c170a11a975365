"""Base of the optimizers."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class Optimizer(torch.optim.Optimizer):
    """Base of optimizers that move all parameters of a group at once; subclasses implement ``move``."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Takes one step; returns the value of the closure, if given, at the parameters before the step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            if parameters := [p for p in group["params"] if p.grad is not None]:
                self.move(parameters, [p.grad for p in parameters if p.grad is not None], group)
        return loss

    def move(self, parameters: list[Tensor], gradients: list[Tensor], group: dict[str, Any]) -> None:
        """Moves the parameters of a group that have gradients, by its options."""
        raise NotImplementedError
