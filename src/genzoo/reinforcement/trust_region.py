"""The step of TRPO, as an optimizer."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from genzoo.core.ranks import average_over_ranks
from genzoo.core.registry import register


class Problem(NamedTuple):
    """The problem of one trust-region step; all functions depend on the current parameters and return a scalar.

    Args:
        loss: the loss.
        divergence: the mean KL(p_before || p) from the distribution before the step to the current one.
        curvature: fraction of the batch -> the mean KL divergence of the current distribution from itself: 0, with the
            Fisher information as its second derivative in the parameters.
    """

    loss: Callable[[], Tensor]
    divergence: Callable[[], Tensor]
    curvature: Callable[[float], Tensor]


@register
class TrustRegion(torch.optim.Optimizer):
    """Natural-gradient steps within a bound on the KL divergence, with a backtracking line search.

    The direction solves (F + damping) x = -g by conjugate gradients, with one product with the Fisher information F
    per iteration. The step is scaled to ½ xᵀ(F + damping)x = max_kl and shrunk until the loss has decreased and the
    divergence is within the bound; if no trial is accepted, the parameters do not change. The gradient, the products
    with F, the losses and the divergences are averages over ranks.

    Before ``step``, the caller sets ``problem`` and computes the gradient of its loss.

    Args:
        params: the parameters.
        max_kl: δ, in nats.
        damping: added to the diagonal of F.
        cg_steps: number of conjugate-gradient iterations.
        fraction: fraction of the batch for the products with F.
        shrink, searches: factor between the lengths of consecutive trials of the line search, and number of trials.
        accept: minimum decrease of the loss, as a fraction of the decrease that is linear in the step.
        slack: largest divergence that is accepted, as a multiple of ``max_kl``.
        least_gradient: no step is taken if all entries of the gradient are smaller: without any reward, the direction
            would be 0 / 0.

    Raises:
        ValueError: a setting is out of range.

    Source: Schulman et al. 2015, arXiv 1502.05477, section 6 and appendix C. openai/imitation, policyopt/optim.py, has
    fraction 0.1, accept 0.1 and slack 2, and takes the last trial even if none was accepted.
    """

    problem: Problem

    def __init__(
        self,
        params: Any,
        max_kl: float = 0.01,
        damping: float = 0.1,
        cg_steps: int = 10,
        fraction: float = 1.0,
        shrink: float = 0.5,
        searches: int = 10,
        accept: float = 0.0,
        slack: float = 1.0,
        least_gradient: float = 1e-6,
    ):
        settings = {name: value for name, value in locals().items() if name not in ("self", "params", "__class__")}
        for name in ("max_kl", "cg_steps", "fraction", "shrink", "searches", "slack", "least_gradient"):
            if not settings[name] > 0:
                raise ValueError(f"Invalid {name}: {settings[name]}")
        for name in ("fraction", "shrink", "accept"):
            if not 0 <= settings[name] <= 1:
                raise ValueError(f"Invalid {name}: {settings[name]}")
        super().__init__(params, settings)

    @torch.enable_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:
        """Takes one step.

        Args:
            closure: called before the step, if given.
        """
        if closure is not None:
            closure()
        (group,) = self.param_groups
        parameters = group["params"]
        gradient = average_over_ranks(flat([p.grad for p in parameters]))
        if gradient.abs().max() < group["least_gradient"]:
            return
        fisher = self._fisher(parameters, group["fraction"], group["damping"])
        direction = conjugate_gradient(fisher, -gradient, group["cg_steps"])
        length = (2 * group["max_kl"] / (direction @ fisher(direction))).sqrt()
        self._search(parameters, length * direction, gradient, group)

    def _fisher(self, parameters: list[nn.Parameter], fraction: float, damping: float) -> Callable[[Tensor], Tensor]:
        """The function v -> (F + damping) v."""
        with torch.compiler.set_stance("force_eager"):  # compiled networks cannot be differentiated twice
            divergence = self.problem.curvature(fraction)
        slope = flat(torch.autograd.grad(divergence, parameters, create_graph=True))

        def product(v: Tensor) -> Tensor:
            of_fisher = flat(torch.autograd.grad(slope @ v, parameters, retain_graph=True))
            return average_over_ranks(of_fisher) + damping * v

        return product

    @torch.no_grad()
    def _search(self, parameters: list[nn.Parameter], step: Tensor, gradient: Tensor, options: dict[str, Any]) -> None:
        """Backtracking line search: applies the first trial step that is accepted, or none."""
        start, before = flat(parameters), average_over_ranks(self.problem.loss().detach())
        for trial in range(options["searches"]):
            size = options["shrink"] ** trial
            nn.utils.vector_to_parameters(start + size * step, parameters)
            loss, divergence = average_over_ranks(torch.stack([self.problem.loss(), self.problem.divergence()]))
            expected = size * (gradient @ step)
            decreased = loss < before and loss - before <= options["accept"] * expected
            if decreased and divergence <= options["slack"] * options["max_kl"]:
                return
        nn.utils.vector_to_parameters(start, parameters)


def flat(tensors: Any) -> Tensor:
    """A copy of all tensors, concatenated to one vector."""
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def conjugate_gradient(product: Callable[[Tensor], Tensor], b: Tensor, steps: int, tolerance: float = 1e-5) -> Tensor:
    """Solves A x = b for a symmetric, positive definite A by conjugate gradients, starting from x = 0.

    Args:
        product: the function v -> A v.
        b: the right-hand side (P,).
        steps: maximum number of iterations, each with one product.
        tolerance: stops when the residual's norm is at most this fraction of the norm of b.

    Example:
        >>> a = torch.tensor([[4.0, 1.0], [1.0, 3.0]])
        >>> x = conjugate_gradient(lambda v: a @ v, torch.tensor([1.0, 2.0]), steps=2)
        >>> (a @ x).round(decimals=5).tolist()
        [1.0, 2.0]
    """
    x, residual = torch.zeros_like(b), b.clone()
    direction, squared = residual.clone(), residual @ residual
    enough = tolerance**2 * squared
    for _ in range(steps):
        image = product(direction)
        length = squared / (direction @ image)
        x += length * direction
        residual -= length * image
        before, squared = squared, residual @ residual
        if squared <= enough:
            break
        direction = residual + squared / before * direction
    return x
