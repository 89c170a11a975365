"""What a policy's return is expected to be, given what is observed."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.reinforcement.networks import MLP
from genzoo.reinforcement.normaliser import Normaliser
from genzoo.reinforcement.passes import Passes, share_of


class Baseline(nn.Module):
    """Base of the baselines: V(s, t), which ``aim`` is told what to be like."""

    trained = False  #: by an optimizer, as the player ``value``

    def forward(self, observations: Tensor, times: Tensor) -> Tensor:
        """Values (B,) of observations (B, D) after so many steps of an episode (B,)."""
        raise NotImplementedError

    def start(self, observations: Tensor, times: Tensor) -> None:
        """Takes in what will be observed, before the first returns."""

    def aim(self, observations: Tensor, times: Tensor, returns: Tensor) -> None:
        """Takes in the returns (B,) that followed."""
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

    def aim(self, observations: Tensor, times: Tensor, returns: Tensor) -> None:
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
        self._parts: list[Tensor] = []  # of the round's batch, still to be played

    def forward(self, observations: Tensor, times: Tensor) -> Tensor:
        """As the base's."""
        return self.returns.inverse(self._standardised(self._inputs(observations, times))[:, None])[:, 0]

    def start(self, observations: Tensor, times: Tensor) -> None:
        """The normaliser starts from it."""
        self.network.normaliser.update(self._inputs(observations, times))

    def aim(self, observations: Tensor, times: Tensor, returns: Tensor) -> None:
        """Sets what the losses of the round are taken of."""
        self._x = self._inputs(observations, times)
        self.network.normaliser.update(self._x)
        self.returns.update(returns[:, None])
        self._y = self.returns(returns[:, None])[:, 0].float()
        with torch.no_grad():
            self._before = self._standardised(self._x)
        self._parts = self.passes.over(len(returns), returns.device)

    def loss(self) -> Tensor:
        """The mean squared error, in standard deviations of returns, on the next part of the batch."""
        return self._error(self._parts.pop(0))

    def whole_loss(self) -> Tensor:
        """On the whole batch."""
        return self._error(slice(None))

    def divergence(self) -> Tensor:
        """The mean KL divergence of before from now, if values are means of Gaussians of variance ½."""
        return (self._before - self._standardised(self._x)).square().mean()

    def curvature(self, fraction: float) -> Tensor:
        """See ``trust_region.Problem``."""
        now = self._standardised(self._x[share_of(len(self._x), fraction, self._x.device)])
        return (now.detach() - now).square().mean()

    def _error(self, chosen: Tensor | slice) -> Tensor:
        return (self._standardised(self._x[chosen]) - self._y[chosen]).square().mean()

    def _inputs(self, observations: Tensor, times: Tensor) -> Tensor:
        if self.time_limit is None:
            return observations
        return torch.cat([observations, times[:, None].to(observations) / self.time_limit], dim=1)

    def _standardised(self, x: Tensor) -> Tensor:
        return at_least_float32(self.network(x))[:, 0]
