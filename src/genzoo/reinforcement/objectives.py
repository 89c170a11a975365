"""What a policy minimises on its own episodes; with the optimizer that takes the step, this is the algorithm.

| objective | optimizer | passes | algorithm |
|---|---|---|---|
| ``Surrogate`` | ``TrustRegion`` | 1 | TRPO |
| ``LogLikelihood`` | any | 1 | REINFORCE |
| ``Clipped`` | any | several, in minibatches | PPO |

Each is a function of log π(a|s) now and before the update, and of the advantages A, all (B,).
"""

from typing import Protocol

from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


class Objective(Protocol):
    """What is minimised."""

    def __call__(self, log_prob: Tensor, before: Tensor, advantages: Tensor) -> Tensor:
        """A scalar."""


@register
class LogLikelihood:
    """-E[log π(a|s) A]: its gradient is the policy gradient.

    Source: Williams 1992, Simple statistical gradient-following algorithms (REINFORCE).
    """

    def __call__(self, log_prob: Tensor, before: Tensor, advantages: Tensor) -> Tensor:
        """A scalar."""
        return -(log_prob * advantages).mean()


@register
class Surrogate:
    """-E[π(a|s) / π_before(a|s) · A]: the advantage of the new policy where the old one goes.

    Source: Schulman et al. 2015, arXiv 1502.05477, equation 14.
    """

    def __call__(self, log_prob: Tensor, before: Tensor, advantages: Tensor) -> Tensor:
        """A scalar."""
        return -((log_prob - before).exp() * advantages).mean()


@register
class Clipped:
    """-E[min(r A, clip(r, 1 - ε, 1 + ε) A)], r = π(a|s) / π_before(a|s): nothing is gained by going further.

    Args:
        epsilon: in (0, 1).

    Raises:
        GenzooError: it is out of range.

    Source: Schulman et al. 2017, arXiv 1707.06347, equation 7.
    """

    def __init__(self, epsilon: float = 0.2):
        if not 0 < epsilon < 1:
            raise GenzooError(f"model.objective.epsilon={epsilon}: a number between 0 and 1 is needed.")
        self.epsilon = epsilon

    def __call__(self, log_prob: Tensor, before: Tensor, advantages: Tensor) -> Tensor:
        """A scalar."""
        ratio = (log_prob - before).exp()
        clipped = ratio.clamp(1 - self.epsilon, 1 + self.epsilon)
        return -(ratio * advantages).minimum(clipped * advantages).mean()
