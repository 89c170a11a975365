"""What a policy's return is expected to be, given what is observed."""

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
    """Base of the baselines: V(s, t)."""

    trained = False  #: by an optimizer, as the player ``value``

    def forward(self, observations: Tensor, times: Tensor) -> Tensor:
        """Values (B,) of observations (B, D) after so many steps of an episode (B,)."""
        raise NotImplementedError

    def start(self, observations: Tensor, times: Tensor) -> None:
        """Takes in what will be observed, before the first returns."""

    def fit(self, observations: Tensor, times: Tensor, returns: Tensor) -> Targets | None:
        """Takes in the returns (B,) that followed; a trained baseline returns the data of its loss."""
        raise NotImplementedError


@register
class LinearBaseline(Baseline):
    """Least squares on the observations, their squares, and the time to the third power.

    Args:
        observations: numbers of an observation.
        ridge: weight of the squared coefficients.

    Source: Duan et al. 2016, arXiv 1604.06778; rll/rllab, rllab/baselines/linear_feature_baseline.py.
    """

    def __init__(self, observations: int, ridge: float = 1e-5):
        super().__init__()
        self.ridge = ridge
        self.register_buffer("coefficients", torch.zeros(2 * observations + 4, dtype=torch.double))

    def features(self, observations: Tensor, times: Tensor) -> Tensor:
        """(B, 2 D + 4), in double precision."""
        o, t = observations.double().clamp(-10, 10), times.double()[:, None] / 100
        return torch.cat([o, o**2, t, t**2, t**3, torch.ones_like(t)], dim=1)

    def forward(self, observations: Tensor, times: Tensor) -> Tensor:
        """As the base's."""
        return (self.features(observations, times) @ self.coefficients).float()

    def fit(self, observations: Tensor, times: Tensor, returns: Tensor) -> None:
        """Solves the normal equations."""
        x = self.features(observations, times)
        penalty = self.ridge * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
        self.coefficients.copy_(torch.linalg.solve(x.T @ x + penalty, x.T @ returns.double()))


@register
class ValueNetwork(Baseline):
    """A network on standardised observations, trained by squared error on standardised returns.

    Args:
        observations: numbers of an observation.
        hidden, activation: of the network; see ``MLP``.
        passes: of its update; one pass over the whole batch by default.
        time_limit: if given, the network sees the time, too, as a fraction of this: what can still be had before an
            episode is cut off.

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
        """As the base's."""
        return self.returns.inverse(self._standardised(self._inputs(observations, times))[:, None])[:, 0]

    def start(self, observations: Tensor, times: Tensor) -> None:
        """The normaliser starts from it."""
        self.network.normaliser.update(self._inputs(observations, times))

    @torch.no_grad()
    def fit(self, observations: Tensor, times: Tensor, returns: Tensor) -> Targets:
        """The normalisers take in the batch; the optimizer does the rest."""
        x = self._inputs(observations, times)
        self.network.normaliser.update(x)
        self.returns.update(returns[:, None])
        return Targets(x, self.returns(returns[:, None])[:, 0].float(), self._standardised(x))

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        """The mean squared error, in standard deviations of returns, of inputs (B, D) and standardised returns (B,)."""
        return (self._standardised(x) - y).square().mean()

    def problem(self, targets: Targets) -> Problem:
        """The trust region's; values are means of Gaussians of variance ½."""
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
