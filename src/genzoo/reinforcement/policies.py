"""Policies: distributions of actions conditioned on observations."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.distributions import Categorical, Distribution, Independent, Normal, kl_divergence

from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.reinforcement.networks import MLP

# Draws an action for one observation: (D,), random generator -> the action as a rollout stores it.
Actor = Callable[[np.ndarray, np.random.Generator], Any]


class Policy(nn.Module):
    """Base class of the policies: a network maps standardised observations to the parameters of a distribution.

    Args:
        observations: dimension of an observation.
        actions: number of discrete actions, or dimension of a continuous action.
        hidden, activation: of the network; see ``MLP``.
    """

    law: str  #: the distribution, as ``EnvironmentSpec.policy`` names it

    def __init__(self, observations: int, actions: int, hidden: Sequence[int] = (64, 64), activation: str = "tanh"):
        super().__init__()
        self.observations, self.actions = observations, actions
        self.network = MLP(observations, actions, hidden, activation)

    @property
    def normaliser(self) -> nn.Module:
        """Running statistics of observations; the model that trains the policy updates them."""
        return self.network.normaliser

    def forward(self, observations: Tensor) -> Distribution:
        """π(·|s) for observations (B, D)."""
        raise NotImplementedError

    def sample(self, distribution: Distribution, generator: Generator | None = None) -> Tensor:
        """Actions drawn from π(·|s), (B,) or (B, A)."""
        raise NotImplementedError

    def actor(self) -> Actor:
        """The current policy as a NumPy function; later updates do not change it."""
        raise NotImplementedError


@register
class CategoricalPolicy(Policy):
    """A categorical distribution of discrete actions: the network's outputs are its logits.

    Example:
        >>> policy = CategoricalPolicy(observations=4, actions=2)
        >>> policy(torch.randn(3, 4)).probs[0].tolist()
        [0.5, 0.5]
    """

    law = "Categorical"

    def forward(self, observations: Tensor) -> Categorical:
        """π(·|s) for observations (B, D)."""
        return Categorical(logits=at_least_float32(self.network(observations)), validate_args=False)

    def sample(self, distribution: Distribution, generator: Generator | None = None) -> Tensor:
        """Indices of actions (B,)."""
        return torch.multinomial(distribution.probs, 1, generator=generator).squeeze(1)

    def actor(self) -> Actor:
        """The current policy as a NumPy function that returns the index of an action."""
        network = self.network.numpy()

        def act(observation: np.ndarray, random: np.random.Generator) -> int:
            logits = network(observation)
            cumulative = np.exp(logits - logits.max()).cumsum()
            return min(int(cumulative.searchsorted(random.random() * cumulative[-1], "right")), len(cumulative) - 1)

        return act


@register
class GaussianPolicy(Policy):
    """A diagonal Gaussian of continuous actions: the network outputs the mean; the standard deviations are parameters.

    Args:
        log_std: logarithm of the initial standard deviations.

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
        """π(·|s) for observations (B, D)."""
        mean = at_least_float32(self.network(observations))
        each = Normal(mean, self.log_std.exp().expand_as(mean), validate_args=False)
        return Independent(each, 1, validate_args=False)

    def sample(self, distribution: Distribution, generator: Generator | None = None) -> Tensor:
        """Actions (B, A)."""
        noise = torch.randn(distribution.mean.shape, generator=generator, device=distribution.mean.device)
        return distribution.mean + distribution.stddev * noise

    def actor(self) -> Actor:
        """The current policy as a NumPy function that returns an action (A,)."""
        network, std = self.network.numpy(), self.log_std.detach().exp().cpu().numpy()

        def act(observation: np.ndarray, random: np.random.Generator) -> np.ndarray:
            return network(observation) + std * random.standard_normal(len(std), np.float32)

        return act


def mean_divergence(before: Distribution, now: Distribution) -> Tensor:
    """The mean over a batch of KL(before || now), in nats."""
    return kl_divergence(before, now).mean()


def divergence_from_itself(policy: Policy, observations: Tensor) -> Tensor:
    """The mean KL divergence of a policy from itself: 0, with the Fisher information as its second derivative."""
    with torch.no_grad():
        fixed = policy(observations)
    return mean_divergence(fixed, policy(observations))
