"""Curiosity: a policy that is rewarded for what its model of the environment learns from it."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.reinforcement.bayesian_network import BayesianNetwork
from genzoo.reinforcement.information_gain import information_gain
from genzoo.reinforcement.policy_gradient import Experience, PolicyGradient
from genzoo.reinforcement.replay_pool import ReplayPool, Transitions
from genzoo.reinforcement.rollout import Rollout


@register
class Vime(PolicyGradient):
    """Variational information maximising exploration, on top of any policy gradient: r' = r + η · gain / typical gain.

    A Bayesian network models p(s'|s, a). The gain of a step is what the network would learn from it alone, in nats. As
    gains shrink by orders of magnitude in training, they are taken relative to a typical one: the mean over the last
    iterations of the median over an iteration. In the first iteration, when the network knows nothing, nothing is
    added.

    Only the advantages contain the bonus: ``return`` and what the baseline is to tell do not.

    Args:
        policy, objective, baseline, kwargs: see ``PolicyGradient``; there is one more player, ``dynamics``.
        dynamics: makes the network (s, a) -> s', all standardised, of ``inputs`` and ``outputs``.
        pool: makes the memory of the latest steps, of ``observations`` and ``actions``.
        eta: η.
        step: λ of the gain.
        updates, batch_size: of the network, in each iteration: steps of its optimizer and transitions of each.
        batches: the divergence from the prior counts 1 / batches in the loss of an update.
        memory: iterations whose medians are remembered.
        largest: gains are cut off at so many nats.

    Raises:
        GenzooError: a setting is out of range.

    Source: Houthooft et al. 2016, arXiv 1605.09674, algorithm 1 and section 2.5; openai/vime,
    algos/batch_polopt_expl.py. There an episode's last step has the gain of the one before, as what it led to is
    forgotten; here it has its own.
    """

    def __init__(
        self,
        *args: Any,
        dynamics: Callable[..., BayesianNetwork],
        pool: Callable[..., ReplayPool],
        eta: float = 1e-4,
        step: float = 0.01,
        updates: int = 500,
        batch_size: int = 10,
        batches: int = 5,
        memory: int = 10,
        largest: float = 1000.0,
        **kwargs: Any,
    ):
        super().__init__(*args, **kwargs)
        if not 0 <= eta < float("inf"):
            raise GenzooError(f"model.eta={eta}: a finite number of at least 0 is needed; 0 adds no bonus.")
        for key, value in (("step", step), ("largest", largest)):
            if not value > 0:
                raise GenzooError(f"model.{key}={value}: a positive number is needed.")
        for key, value in (("updates", updates), ("batch_size", batch_size), ("batches", batches), ("memory", memory)):
            check_positive(f"model.{key}", value)
        n, actions = self.policy.observations, self.policy.actions
        self.dynamics = dynamics(inputs=n + actions, outputs=n)
        self.pool = pool(observations=n, actions=actions)
        self.eta, self.step, self.largest = eta, step, largest
        self.updates, self.batch_size, self.batches = updates, batch_size, batches
        self.register_buffer("medians", torch.zeros(memory, dtype=torch.double))
        self.register_buffer("measured", torch.zeros((), dtype=torch.long))  # iterations

    def players(self) -> dict[str, list[nn.Module]]:
        """The dynamics, too."""
        return {**super().players(), "dynamics": [self.dynamics]}

    def turns(self) -> tuple[Turn, ...]:
        """Last, the dynamics' on what is remembered; the policy's has used them as they were."""
        return (*super().turns(), Turn({"dynamics": self.dynamics_loss}, draws=self.dynamics_draws))

    # The bonus.

    def gains(self, rollout: Rollout) -> np.ndarray:
        """What would be learned from each step, in nats (N,)."""
        x, y = self.pairs(self.transitions(rollout))
        gains = information_gain(self.dynamics, x, y, self.step)
        return gains.double().clamp(0, self.largest).cpu().numpy()

    def bonus_of(self, gains: np.ndarray) -> np.ndarray:
        """η · gains / (the mean of the last iterations' medians, this one's included)."""
        median, memory = float(np.median(gains)), len(self.medians)
        self.medians[self.measured % memory] = median
        self.measured += 1
        typical = self.medians.sum().item() / min(int(self.measured), memory)
        self.log_scalars(information_gain=median)
        return self.eta * gains / max(typical, np.finfo(float).tiny)

    @torch.no_grad()
    def rewards(self, experience: Experience) -> np.ndarray:
        """With the bonus of each step."""
        rewards = experience.rollout.rewards
        bonus = self.bonus_of(self.gains(experience.rollout)) if self.pool.ready else np.zeros(len(rewards))
        self.log_scalars(bonus=bonus.mean())
        return rewards + bonus

    def baseline_rewards(self, experience: Experience) -> np.ndarray:
        """Without it, as in the original."""
        return experience.rollout.rewards

    # The model of the environment.

    @torch.no_grad()
    def dynamics_draws(self, experience: Experience) -> Iterator[dict[str, Tensor]]:
        """Fills the pool; the minibatches of all updates, or none until the pool has its minimum."""
        self.pool.add(self.transitions(experience.rollout))
        if self.pool.ready:
            x, y = self.pairs(self.pool.draw(self.updates, self.batch_size))
            for i in reversed(range(self.updates)):
                yield {"x": x[i], "y": y[i]}

    def dynamics_loss(self, x: Tensor, y: Tensor) -> Tensor:
        """KL(q || prior) / batches - Σ E_q[log p(s'|s, a)], of a minibatch; see ``pairs``."""
        fit = self.dynamics.expected_log_likelihood(self.dynamics(x), y).sum()
        return self.dynamics.divergence() / self.batches - fit

    def transitions(self, rollout: Rollout) -> Transitions:
        """Its steps. What the last one of an episode led to belongs to that episode."""
        following = np.concatenate([rollout.observations[1:], rollout.last[-1:]])
        following[rollout.lengths.cumsum() - 1] = rollout.last
        observations, actions, following = (
            torch.as_tensor(array, device=self.device) for array in (rollout.observations, rollout.actions, following)
        )
        if actions.dtype == torch.long:
            actions = one_hot(actions, self.policy.actions)
        return Transitions(observations, actions.float(), following)

    def pairs(self, transitions: Transitions) -> tuple[Tensor, Tensor]:
        """Inputs (..., D + A) and outputs (..., D) of the dynamics, standardised by the pool as it stands."""
        observations, actions, following = self.pool.standardised(transitions)
        return torch.cat([observations, actions], -1), following
