"""Baselines: value functions, which predict a policy's return from an observation."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.reinforcement.networks import MLP
from genzoo.reinforcement.normaliser import Normaliser
from genzoo.reinforcement.passes import Passes, share_of
from genzoo.reinforcement.trust_region import Problem


class Targets(NamedTuple):
    """The data of a value network's loss.

    Args:
        x: inputs of the network (B, D).
        y: standardised returns (B,).
        before: the network's outputs before the update (B,).
    """

    x: Tensor
    y: Tensor
    before: Tensor


class Baseline(nn.Module):
    """Base class of the baselines: V(s, t)."""

    trained = False  #: whether an optimizer trains it, as the player ``value``

    def forward(self, observations: Tensor, times: Tensor) -> Tensor:
        """Values (B,) of observations (B, D) at time steps (B,) of an episode."""
        raise NotImplementedError

    def initialise(self, observations: Tensor, times: Tensor) -> None:
        """Initialises the running statistics of the inputs, before the first call of ``fit``."""

    def fit(self, observations: Tensor, times: Tensor, returns: Tensor) -> Targets | None:
        """Fits the baseline to returns (B,); a trained baseline instead returns the data of its loss."""
        raise NotImplementedError


@register
class LinearBaseline(Baseline):
    """Ridge regression on the observations, their squares, and the powers 0 to 3 of the time.

    Args:
        observations: dimension of an observation.
        ridge: weight of the L2 penalty on the coefficients.

    Source: Duan et al. 2016, arXiv 1604.06778; rll/rllab, rllab/baselines/linear_feature_baseline.py.
    """

    def __init__(self, observations: int, ridge: float = 1e-5):
        super().__init__()
        self.ridge = ridge
        self.register_buffer("coefficients", torch.zeros(2 * observations + 4, dtype=torch.double))

    def features(self, observations: Tensor, times: Tensor) -> Tensor:
        """Features (B, 2 D + 4), in double precision."""
        o, t = observations.double().clamp(-10, 10), times.double()[:, None] / 100
        return torch.cat([o, o**2, t, t**2, t**3, torch.ones_like(t)], dim=1)

    def forward(self, observations: Tensor, times: Tensor) -> Tensor:
        """Values (B,) of observations (B, D) at time steps (B,)."""
        return (self.features(observations, times) @ self.coefficients).float()

    def fit(self, observations: Tensor, times: Tensor, returns: Tensor) -> None:
        """Solves the normal equations for returns (B,)."""
        x = self.features(observations, times)
        penalty = self.ridge * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
        self.coefficients.copy_(torch.linalg.solve(x.T @ x + penalty, x.T @ returns.double()))


@register
class ValueNetwork(Baseline):
    """A network on standardised observations, trained by squared error on standardised returns.

    Args:
        observations: dimension of an observation.
        hidden, activation: of the network; see ``MLP``.
        passes: epochs and minibatches of its update; one pass over the whole batch by default.
        time_limit: if given, the time as a fraction of this limit is an input, too, since the return depends on the
            number of steps before truncation.

    Source: openai/imitation, policyopt/rl.py (``ValueFunc``).
    """

    trained = True

    def __init__(
        self,
        observations: int,
        hidden: Sequence[int] = (64, 64),
        activation: str = "tanh",
        passes: Passes | None = None,
        time_limit: int | None = None,
    ):
        super().__init__()
        self.time_limit, self.passes = time_limit, passes or Passes()
        self.network = MLP(observations + (time_limit is not None), 1, hidden, activation)
        self.returns = Normaliser(1)

    def forward(self, observations: Tensor, times: Tensor) -> Tensor:
        """Values (B,) of observations (B, D) at time steps (B,)."""
        return self.returns.inverse(self._standardised(self._inputs(observations, times))[:, None])[:, 0]

    def initialise(self, observations: Tensor, times: Tensor) -> None:
        """Initialises the running statistics of the network's inputs."""
        self.network.normaliser.update(self._inputs(observations, times))

    @torch.no_grad()
    def fit(self, observations: Tensor, times: Tensor, returns: Tensor) -> Targets:
        """Updates the running statistics of inputs and returns; returns the data of the loss."""
        x = self._inputs(observations, times)
        self.network.normaliser.update(x)
        self.returns.update(returns[:, None])
        return Targets(x, self.returns(returns[:, None])[:, 0].float(), self._standardised(x))

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        """Mean squared error of the predictions for inputs (B, D), against standardised returns (B,)."""
        return (self._standardised(x) - y).square().mean()

    def problem(self, targets: Targets) -> Problem:
        """The trust region problem: each value is the mean of a Gaussian of variance ½."""
        x, y, before = targets

        def curvature(fraction: float) -> Tensor:
            now = self._standardised(x[share_of(len(x), fraction, x.device)])
            return (now.detach() - now).square().mean()

        return Problem(
            loss=lambda: self.loss(x, y),
            divergence=lambda: (before - self._standardised(x)).square().mean(),
            curvature=curvature,
        )

    def _inputs(self, observations: Tensor, times: Tensor) -> Tensor:
        if self.time_limit is None:
            return observations
        return torch.cat([observations, times[:, None].to(observations) / self.time_limit], dim=1)

    def _standardised(self, x: Tensor) -> Tensor:
        return at_least_float32(self.network(x))[:, 0]
