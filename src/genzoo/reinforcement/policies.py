"""Policies: laws of actions, given what is observed."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.distributions import Categorical, Distribution, Independent, Normal, kl_divergence

from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.reinforcement.networks import MLP

# Draws an action for one observation: (D,), a source of random numbers -> what is stored.
Actor = Callable[[np.ndarray, np.random.Generator], Any]


class Policy(nn.Module):
    """Base of the policies: a network on standardised observations gives the parameters of a distribution.

    Args:
        observations: numbers of an observation.
        actions: number of actions, or of the numbers of an action.
        hidden, activation: of the network; see ``MLP``.
    """

    law: str  #: as ``EnvironmentSpec.policy`` names it

    def __init__(self, observations: int, actions: int, hidden: Sequence[int] = (64, 64), activation: str = "tanh"):
        super().__init__()
        self.observations, self.actions = observations, actions
        self.network = MLP(observations, actions, hidden, activation)

    @property
    def normaliser(self) -> nn.Module:
        """Of observations; it is for whoever trains the policy to update it."""
        return self.network.normaliser

    def forward(self, observations: Tensor) -> Distribution:
        """π(·|s) for observations (B, D)."""
        raise NotImplementedError

    def sample(self, distribution: Distribution, generator: Generator | None = None) -> Tensor:
        """Actions drawn from π(·|s)."""
        raise NotImplementedError

    def actor(self) -> Actor:
        """The policy as it stands, in NumPy."""
        raise NotImplementedError


@register
class CategoricalPolicy(Policy):
    """Chooses one of a finite set of actions: the network gives their logits.

    Example:
        >>> policy = CategoricalPolicy(observations=4, actions=2)
        >>> policy(torch.randn(3, 4)).probs[0].tolist()
        [0.5, 0.5]
    """

    law = "Categorical"

    def forward(self, observations: Tensor) -> Categorical:
        """As the base's."""
        return Categorical(logits=at_least_float32(self.network(observations)), validate_args=False)

    def sample(self, distribution: Distribution, generator: Generator | None = None) -> Tensor:
        """Numbers of actions (B,)."""
        return torch.multinomial(distribution.probs, 1, generator=generator).squeeze(1)

    def actor(self) -> Actor:
        """Gives the number of an action."""
        network = self.network.numpy()

        def act(observation: np.ndarray, random: np.random.Generator) -> int:
            logits = network(observation)
            cumulative = np.exp(logits - logits.max()).cumsum()
            return min(int(cumulative.searchsorted(random.random() * cumulative[-1], "right")), len(cumulative) - 1)

        return act


@register
class GaussianPolicy(Policy):
    """Chooses a point: the network gives the mean of each number; their deviations are parameters of their own.

    Args:
        log_std: logarithm of the standard deviations at first.

    Example:
        >>> policy = GaussianPolicy(observations=11, actions=3)
        >>> policy(torch.randn(5, 11)).stddev.unique().tolist()
        [1.0]
    """

    law = "Gaussian"

    def __init__(self, *args: Any, log_std: float = 0.0, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.log_std = nn.Parameter(torch.full((self.actions,), float(log_std)))

    def forward(self, observations: Tensor) -> Independent:
        """As the base's."""
        mean = at_least_float32(self.network(observations))
        each = Normal(mean, self.log_std.exp().expand_as(mean), validate_args=False)
        return Independent(each, 1, validate_args=False)

    def sample(self, distribution: Distribution, generator: Generator | None = None) -> Tensor:
        """Points (B, A)."""
        noise = torch.randn(distribution.mean.shape, generator=generator, device=distribution.mean.device)
        return distribution.mean + distribution.stddev * noise

    def actor(self) -> Actor:
        """Gives a point (A,)."""
        network, std = self.network.numpy(), self.log_std.detach().exp().cpu().numpy()

        def act(observation: np.ndarray, random: np.random.Generator) -> np.ndarray:
            return network(observation) + std * random.standard_normal(len(std), np.float32)

        return act


def mean_divergence(before: Distribution, now: Distribution) -> Tensor:
    """The mean over a batch of KL(before || now), in nats."""
    return kl_divergence(before, now).mean()


def divergence_from_itself(policy: Policy, observations: Tensor) -> Tensor:
    """The mean KL divergence of a policy from itself: 0, but its second derivative is the Fisher information."""
    with torch.no_grad():
        fixed = policy(observations)
    return mean_divergence(fixed, policy(observations))
