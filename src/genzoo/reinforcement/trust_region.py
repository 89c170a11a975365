"""The step of TRPO, as an optimizer."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from genzoo.core.ranks import average_over_ranks
from genzoo.core.registry import register


class Problem(NamedTuple):
    """What a trust region is put around.

    Args:
        loss: as a function of the parameters as they stand, a scalar.
        divergence: the mean KL divergence of what the parameters stood for before the step from what they stand for.
        curvature: of a fraction of the batch, the mean KL divergence of what the parameters stand for from itself: 0,
            but its second derivative by the parameters is the Fisher information.
    """

    loss: Callable[[], Tensor]
    divergence: Callable[[], Tensor]
    curvature: Callable[[float], Tensor]


@register
class TrustRegion(torch.optim.Optimizer):
    """Goes as far along the natural gradient as a bound on the KL divergence allows, and back until the loss is lower.

    The direction solves (F + damping) x = -g by conjugate gradients, of which each asks for one product with the Fisher
    information F. The step is scaled to ½ xᵀ(F + damping)x = max_kl and shrunk until the loss itself has fallen and the
    divergence itself is within the bound; if it never is, nothing moves. Several ranks agree on each number.

    Whoever calls ``step`` has set ``problem`` and the gradient of its loss.

    Args:
        params: what moves.
        max_kl: δ, in nats.
        damping: added to the diagonal of F.
        cg_steps: products with F.
        fraction: of the batch, for these products.
        shrink, searches: each of so many trials is so much shorter than the one before.
        accept: least fall of the loss, as a fraction of what its gradient promises.
        slack: largest divergence that is accepted, as a multiple of ``max_kl``.
        least_gradient: if no entry of the gradient is larger, nothing moves: without any reward the direction would be
            0 / 0.

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
        """Takes the step.

        Args:
            closure: called first, if given.
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
        """v -> (F + damping) v."""
        with torch.compiler.set_stance("force_eager"):  # compiled networks cannot be differentiated twice
            divergence = self.problem.curvature(fraction)
        slope = flat(torch.autograd.grad(divergence, parameters, create_graph=True))

        def product(v: Tensor) -> Tensor:
            of_fisher = flat(torch.autograd.grad(slope @ v, parameters, retain_graph=True))
            return average_over_ranks(of_fisher) + damping * v

        return product

    @torch.no_grad()
    def _search(self, parameters: list[nn.Parameter], step: Tensor, gradient: Tensor, options: dict[str, Any]) -> None:
        """Moves the parameters by the first of the ever shorter steps that is accepted, or not at all."""
        start, before = flat(parameters), average_over_ranks(self.problem.loss().detach())
        for trial in range(options["searches"]):
            size = options["shrink"] ** trial
            nn.utils.vector_to_parameters(start + size * step, parameters)
            loss, divergence = average_over_ranks(torch.stack([self.problem.loss(), self.problem.divergence()]))
            promised = size * (gradient @ step)
            fell = loss < before and loss - before <= options["accept"] * promised
            if fell and divergence <= options["slack"] * options["max_kl"]:
                return
        nn.utils.vector_to_parameters(start, parameters)


def flat(tensors: Any) -> Tensor:
    """All in one vector, a copy."""
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def conjugate_gradient(product: Callable[[Tensor], Tensor], b: Tensor, steps: int, tolerance: float = 1e-5) -> Tensor:
    """Solves A x = b for a symmetric, positive definite A, from 0.

    Args:
        product: v -> A v.
        b: the right-hand side (P,).
        steps: at most so many products.
        tolerance: of the residual's norm, as a fraction of that of b.

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
