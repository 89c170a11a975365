"""Adam as in published code of 2016."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from genzoo.core.optimizer import Optimizer
from genzoo.core.registry import register


@register
class InnerEpsilonAdam(Optimizer):
    """Adam with ε added to the second moment, inside the square root: p ← p - lr m̂ / √(v̂ + ε).

    With ε = 1e-8 the denominator is at least 1e-4: for small gradients, steps are much shorter than those of
    ``torch.optim.Adam``, which adds ε to the root.

    Args:
        params: parameters, or groups of them, all on one device.
        lr: step size.
        betas: decay of the first and of the second moment.
        eps: ε.

    Raises:
        ValueError: an option is out of range.

    Source: openai/improved-gan, mnist_svhn_cifar10/nn.py (adam_updates).

    Example:
        >>> p = nn.Parameter(torch.zeros(()))
        >>> p.grad = torch.tensor(1e-4)
        >>> InnerEpsilonAdam([p], lr=1.0).step()  # 1e-4 / √(1e-8 + 1e-8)
        >>> round(p.item(), 4)
        -0.7071
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter] | Iterable[dict[str, Any]],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ):
        if lr < 0 or eps < 0 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError(
                f"lr={lr}, betas={tuple(betas)}, eps={eps}: lr and eps of at least 0 and betas in [0, 1) are needed"
            )
        super().__init__(params, {"lr": lr, "betas": tuple(betas), "eps": eps})

    def move(self, parameters: list[Tensor], gradients: list[Tensor], group: dict[str, Any]) -> None:
        """See ``Optimizer``."""
        lr, (beta1, beta2), eps = group["lr"], group["betas"], group["eps"]
        states = [self.state[p] for p in parameters]
        for p, state in zip(parameters, states, strict=True):
            if not state:
                state.update(step=0, first_moment=torch.zeros_like(p), second_moment=torch.zeros_like(p))
            state["step"] += 1
        first, second = [s["first_moment"] for s in states], [s["second_moment"] for s in states]
        torch._foreach_lerp_(first, gradients, 1 - beta1)
        torch._foreach_mul_(second, beta2)
        torch._foreach_addcmul_(second, gradients, gradients, 1 - beta2)
        roots = torch._foreach_div(second, [1 - beta2 ** s["step"] for s in states])
        torch._foreach_add_(roots, eps)
        torch._foreach_sqrt_(roots)
        torch._foreach_addcdiv_(parameters, first, roots, [-lr / (1 - beta1 ** s["step"]) for s in states])
