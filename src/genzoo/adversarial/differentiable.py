"""Steps of an optimizer that autograd differentiates: new parameters as functions of the old ones and the gradients."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.nn.roots import root

State = Mapping[str, Any]  # of one parameter, under the names of torch.optim
Step = Callable[[Tensor, Tensor, State, Mapping[str, Any]], tuple[Tensor, State]]


def adam_step(p: Tensor, gradient: Tensor, state: State, options: Mapping[str, Any]) -> tuple[Tensor, State]:
    """One step of Adam: the new parameter and state; all three depend on the gradient.

    Args:
        p, gradient: parameter and its gradient, of the same shape.
        state: ``step``, ``exp_avg`` and ``exp_avg_sq`` after the last step; empty before the first.
        options: ``lr``, ``betas``, ``eps`` and ``weight_decay``.

    Source: Kingma, Ba 2015, arXiv 1412.6980, algorithm 1.
    """
    beta1, beta2 = options["betas"]
    gradient = gradient + options["weight_decay"] * p
    zero = torch.zeros_like(p)
    step = int(state.get("step", 0)) + 1
    first = torch.lerp(gradient, state.get("exp_avg", zero), beta1)
    second = beta2 * state.get("exp_avg_sq", zero) + (1 - beta2) * gradient.square()
    # The slope of the root matters at 0, the moment of weights of a unit that is never active.
    denominator = root(second) / (1 - beta2**step) ** 0.5 + options["eps"]
    moved = p - options["lr"] / (1 - beta1**step) * first / denominator
    return moved, {"step": step, "exp_avg": first, "exp_avg_sq": second}


def sgd_step(p: Tensor, gradient: Tensor, state: State, options: Mapping[str, Any]) -> tuple[Tensor, State]:
    """One step of SGD with momentum; arguments and result as of ``adam_step``.

    Args:
        p, gradient: parameter and its gradient, of the same shape.
        state: ``momentum_buffer``, or empty.
        options: ``lr``, ``momentum`` and ``weight_decay``.

    Example:
        >>> options, state = {"lr": 0.1, "momentum": 0.5, "weight_decay": 0}, {"momentum_buffer": torch.tensor(2.0)}
        >>> sgd_step(torch.tensor(1.0), torch.tensor(2.0), state, options)[0]  # 1 - 0.1 (2 + 0.5 · 2)
        tensor(0.7000)
    """
    gradient = gradient + options["weight_decay"] * p
    past = state.get("momentum_buffer")
    if past is not None:
        gradient = options["momentum"] * past + gradient
    return p - options["lr"] * gradient, ({"momentum_buffer": gradient} if options["momentum"] else {})


STEPS: dict[type, Step] = {torch.optim.Adam: adam_step, torch.optim.SGD: sgd_step}
OTHERWISE = ("fused", "capturable", "amsgrad", "maximize", "nesterov", "dampening", "decoupled_weight_decay")


def check_differentiable(optimizer: torch.optim.Optimizer, key: str) -> None:
    """Checks that there is a differentiable step that equals the optimizer's.

    Args:
        optimizer: the optimizer.
        key: its key in the configuration, for the message.

    Raises:
        GenzooError: it is not Adam or SGD, or has an option that the steps here lack.
    """
    if type(optimizer) not in STEPS:
        raise GenzooError(
            f"{key}: unrolling differentiates the optimizer's steps, which is possible for torch.optim.Adam and "
            f"torch.optim.SGD, not for {type(optimizer).__name__}; choose one of these, or model.unrolled_steps=0."
        )
    for group in optimizer.param_groups:
        for option in OTHERWISE:
            if group.get(option):
                raise GenzooError(
                    f"{key}.{option}={group[option]}: unrolling differentiates the optimizer's steps, which is not "
                    f"possible with {option}; remove it, or set model.unrolled_steps=0."
                )


class Unrolled:
    """Parameters of an optimizer after further steps, which it does not take itself.

    Args:
        optimizer: Adam or SGD; its settings, parameters and state are copied.

    Example:
        >>> w = torch.nn.Parameter(torch.tensor([1.0]))
        >>> ahead = Unrolled(torch.optim.SGD([w], lr=0.1))
        >>> ahead.step([2 * ahead.parameters[0]])  # the gradient of w²
        >>> ahead.parameters[0].item(), w.item()
        (0.800000011920929, 1.0)
    """

    def __init__(self, optimizer: torch.optim.Optimizer):
        self._take = STEPS[type(optimizer)]
        given = [(p, group) for group in optimizer.param_groups for p in group["params"]]
        self.originals = [p for p, _ in given]
        self.parameters = [p.detach().requires_grad_() for p, _ in given]  #: the current ones, in the same order
        self._options = [group for _, group in given]
        self._states: list[State] = [dict(optimizer.state.get(p, {})) for p, _ in given]

    def step(self, gradients: list[Tensor]) -> None:
        """Replaces the parameters, given a gradient for each."""
        given = zip(self.parameters, gradients, self._states, self._options, strict=True)
        moved = [self._take(*each) for each in given]
        self.parameters, self._states = [p for p, _ in moved], [state for _, state in moved]
