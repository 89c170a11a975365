"""Variational information maximising exploration (VIME): rewards with a bonus for the information gain of a step."""

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
    """VIME on top of any policy gradient: the reward is r' = r + η · gain / typical gain.

    A Bayesian network models the dynamics p(s'|s, a). The gain of a step is the information gain, in nats, of an
    update of the network on this step alone. Since gains shrink by orders of magnitude in training, they are divided
    by a typical gain: the mean over the last iterations of the median over an iteration. Until the pool holds its
    minimum of transitions (always in the first iteration), the bonus is 0.

    Only the advantages contain the bonus: the metric ``return`` and the baseline's targets do not.

    Args:
        policy, objective, baseline, kwargs: see ``PolicyGradient``; there is one more player, ``dynamics``.
        dynamics: constructor of the network (s, a) -> s', all standardised, from ``inputs`` and ``outputs``.
        pool: constructor of the replay pool, from ``observations`` and ``actions``.
        eta: η.
        step: λ of the information gain.
        updates, batch_size: the network's optimizer steps per iteration, and transitions per step.
        batches: the divergence from the prior has weight 1 / batches in the loss of an update.
        memory: number of iterations whose medians are averaged.
        largest: upper bound that gains are clipped to, in nats.

    Raises:
        GenzooError: a setting is out of range.

    Source: Houthooft et al. 2016, arXiv 1605.09674, algorithm 1 and section 2.5; openai/vime,
    algos/batch_polopt_expl.py. In that code the last step of an episode has the gain of the step before it, since its
    next observation is not stored; here it has its own gain.
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
        self.register_buffer("measured", torch.zeros((), dtype=torch.long))  # number of medians so far

    def players(self) -> dict[str, list[nn.Module]]:
        """The players of ``PolicyGradient`` and the dynamics."""
        return {**super().players(), "dynamics": [self.dynamics]}

    def turns(self) -> tuple[Turn, ...]:
        """The dynamics' turn is last: the policy's advantages use the dynamics from before this round."""
        return (*super().turns(), Turn({"dynamics": self.dynamics_loss}, draws=self.dynamics_draws))

    # The bonus.

    def gains(self, rollout: Rollout) -> np.ndarray:
        """Information gain of each step, in nats (N,), clipped to ``largest``."""
        x, y = self.pairs(self.transitions(rollout))
        gains = information_gain(self.dynamics, x, y, self.step)
        return gains.double().clamp(0, self.largest).cpu().numpy()

    def bonus_of(self, gains: np.ndarray) -> np.ndarray:
        """η · gains / (the mean of the medians of the last iterations, including this one) (N,)."""
        median, memory = float(np.median(gains)), len(self.medians)
        self.medians[self.measured % memory] = median
        self.measured += 1
        typical = self.medians.sum().item() / min(int(self.measured), memory)
        self.log_scalars(information_gain=median)
        return self.eta * gains / max(typical, np.finfo(float).tiny)

    @torch.no_grad()
    def rewards(self, experience: Experience) -> np.ndarray:
        """The environment's rewards plus the bonus of each step (N,)."""
        rewards = experience.rollout.rewards
        bonus = self.bonus_of(self.gains(experience.rollout)) if self.pool.ready else np.zeros(len(rewards))
        self.log_scalars(bonus=bonus.mean())
        return rewards + bonus

    def baseline_rewards(self, experience: Experience) -> np.ndarray:
        """The environment's rewards (N,), without the bonus, as in the original."""
        return experience.rollout.rewards

    # The dynamics.

    @torch.no_grad()
    def dynamics_draws(self, experience: Experience) -> Iterator[dict[str, Tensor]]:
        """Adds the rollouts to the pool and yields the minibatches of all updates; none before the pool is ready."""
        self.pool.add(self.transitions(experience.rollout))
        if self.pool.ready:
            x, y = self.pairs(self.pool.draw(self.updates, self.batch_size))
            for i in reversed(range(self.updates)):
                yield {"x": x[i], "y": y[i]}

    def dynamics_loss(self, x: Tensor, y: Tensor) -> Tensor:
        """KL(q || prior) / batches - Σ E_q[log p(s'|s, a)] over a minibatch, a scalar; see ``pairs``."""
        fit = self.dynamics.expected_log_likelihood(self.dynamics(x), y).sum()
        return self.dynamics.divergence() / self.batches - fit

    def transitions(self, rollout: Rollout) -> Transitions:
        """The rollout's transitions; the last one of an episode has that episode's final observation."""
        following = np.concatenate([rollout.observations[1:], rollout.last[-1:]])
        following[rollout.lengths.cumsum() - 1] = rollout.last
        observations, actions, following = (
            torch.as_tensor(array, device=self.device) for array in (rollout.observations, rollout.actions, following)
        )
        if actions.dtype == torch.long:
            actions = one_hot(actions, self.policy.actions)
        return Transitions(observations, actions.float(), following)

    def pairs(self, transitions: Transitions) -> tuple[Tensor, Tensor]:
        """Inputs (..., D + A) and targets (..., D) of the dynamics, standardised by the current pool."""
        observations, actions, following = self.pool.standardised(transitions)
        return torch.cat([observations, actions], -1), following
