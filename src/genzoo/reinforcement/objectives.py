"""The policy's losses on its rollouts; objective, optimizer and passes together define the algorithm.

| objective | optimizer | passes | algorithm |
|---|---|---|---|
| ``Surrogate`` | ``TrustRegion`` | 1 | TRPO |
| ``LogLikelihood`` | any | 1 | REINFORCE |
| ``Clipped`` | any | several, in minibatches | PPO |

Each is a function of log π(a|s) under the current policy, of the same before the update, and of the advantages A,
all (B,).
"""

from typing import Protocol

from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


class Objective(Protocol):
    """A loss of the policy."""

    def __call__(self, log_prob: Tensor, before: Tensor, advantages: Tensor) -> Tensor:
        """The loss, a scalar."""


@register
class LogLikelihood:
    """-E[log π(a|s) A], whose gradient is the negative policy gradient.

    Source: Williams 1992, Simple statistical gradient-following algorithms (REINFORCE).
    """

    def __call__(self, log_prob: Tensor, before: Tensor, advantages: Tensor) -> Tensor:
        """A scalar."""
        return -(log_prob * advantages).mean()


@register
class Surrogate:
    """-E[π(a|s) / π_before(a|s) · A]: minus the advantage of the new policy, at the states of the old one.

    Source: Schulman et al. 2015, arXiv 1502.05477, equation 14.
    """

    def __call__(self, log_prob: Tensor, before: Tensor, advantages: Tensor) -> Tensor:
        """A scalar."""
        return -((log_prob - before).exp() * advantages).mean()


@register
class Clipped:
    """-E[min(r A, clip(r, 1 - ε, 1 + ε) A)] with r = π(a|s) / π_before(a|s).

    Args:
        epsilon: ε, in (0, 1).

    Raises:
        GenzooError: epsilon is out of range.

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
