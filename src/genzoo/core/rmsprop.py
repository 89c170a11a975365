"""RMSProp of players that wait, and of clipped gradients."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from genzoo.core.optimizer import Optimizer
from genzoo.core.registry import register


@register
class PausingRMSprop(Optimizer):
    """RMSProp that does nothing where all gradients of a group are 0: no weight decay, and the mean squares v stay.

    Otherwise, with g the gradient plus ``weight_decay`` times the parameter, v ← α v + (1 - α) g² and
    p ← p - lr g / (√v + ε), as in ``torch.optim.RMSprop``.

    Args:
        params: parameters, or groups of them, all on one device.
        lr: step size.
        alpha: α.
        eps: ε.
        weight_decay: weight of the L2 term in the gradient.

    Raises:
        ValueError: an option is out of range.

    Source: andersbll/deeppy, train/learn_rules.py (RMSProp), as andersbll/autoencoding_beyond_pixels, model/aegan.py,
        takes or leaves out its steps.

    Example:
        >>> p = nn.Parameter(torch.ones(()))
        >>> optimizer = PausingRMSprop([p], lr=0.1, alpha=0.75, weight_decay=1e-3)
        >>> p.grad = torch.zeros(())
        >>> optimizer.step()
        >>> p.item()
        1.0
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter] | Iterable[dict[str, Any]],
        lr: float = 1e-3,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        if min(lr, eps, weight_decay) < 0 or not 0 <= alpha < 1:
            raise ValueError(
                f"lr={lr}, alpha={alpha}, eps={eps}, weight_decay={weight_decay}: alpha in [0, 1) and others of at "
                "least 0 are needed"
            )
        super().__init__(params, {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay})

    def move(self, parameters: list[Tensor], gradients: list[Tensor], group: dict[str, Any]) -> None:
        """See ``Optimizer``."""
        moves = torch.stack([gradient.any() for gradient in gradients]).any().to(parameters[0].dtype)  # 0 or 1
        if group["weight_decay"]:
            gradients = list(torch._foreach_add(gradients, parameters, alpha=group["weight_decay"]))
        states = [self.state[p] for p in parameters]
        for p, state in zip(parameters, states, strict=True):
            if not state:
                state["mean_square"] = torch.zeros_like(p)
        squares = [state["mean_square"] for state in states]
        changes = torch._foreach_mul(gradients, gradients)
        torch._foreach_sub_(changes, squares)
        torch._foreach_mul_(changes, (1 - group["alpha"]) * moves)
        torch._foreach_add_(squares, changes)
        roots = torch._foreach_sqrt(squares)
        torch._foreach_add_(roots, group["eps"])
        steps = torch._foreach_div(gradients, roots)
        torch._foreach_mul_(steps, group["lr"] * moves)
        torch._foreach_sub_(parameters, steps)


@register
class ClippedRMSprop(torch.optim.RMSprop):
    """RMSProp of gradients each of whose elements is clipped to [-bound, bound].

    Args:
        params: parameters, or groups of them.
        bound: largest absolute value of an element.
        options: of ``torch.optim.RMSprop``.

    Raises:
        ValueError: the bound is not positive, or an option is out of range.

    Source: karpathy/char-rnn, train.lua.

    Example:
        >>> p = nn.Parameter(torch.zeros(()))
        >>> optimizer = ClippedRMSprop([p], bound=1.0, lr=0.5, alpha=0.0)
        >>> p.grad = torch.tensor(30.0)
        >>> optimizer.step()
        >>> p.item(), p.grad.item()
        (-0.5, 1.0)
    """

    def __init__(self, params: Iterable[nn.Parameter] | Iterable[dict[str, Any]], bound: float, **options: Any):
        if not bound > 0:
            raise ValueError(f"bound={bound}: a positive number is needed")
        super().__init__(params, **options)
        self.bound = bound

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Clips the gradients, in place, and takes one step."""
        nn.utils.clip_grad_value_([p for group in self.param_groups for p in group["params"]], self.bound)
        return super().step(closure)
