"""Rollouts: whole episodes of a policy in an environment."""

from collections.abc import Sequence
from typing import NamedTuple

import gymnasium
import numpy as np
from gymnasium.spaces import Box

from genzoo.core.checks import check_finite
from genzoo.reinforcement.policies import Actor


class Rollout(NamedTuple):
    """Whole episodes, concatenated: N steps of E episodes.

    Args:
        observations: the observation before each step, float32 (N, D).
        actions: as drawn from the policy, before any clipping by the environment: int64 (N,) or float32 (N, A).
        rewards: float64 (N,).
        lengths: number of steps of each episode, int64 (E,); they add up to N.
        terminated: whether the episode terminated (true) or was truncated (false), bool (E,).
        last: the observation after the last step of each episode, float32 (E, D).
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    lengths: np.ndarray
    terminated: np.ndarray
    last: np.ndarray

    @property
    def starts(self) -> np.ndarray:
        """The index of the first step of each episode (E,)."""
        return self.lengths.cumsum() - self.lengths

    @property
    def times(self) -> np.ndarray:
        """The time of each step within its episode, from 0 (N,)."""
        return np.arange(len(self.rewards)) - np.repeat(self.starts, self.lengths)

    @property
    def returns(self) -> np.ndarray:
        """The undiscounted return of each episode (E,)."""
        return np.add.reduceat(self.rewards, self.starts)


def concatenated(rollouts: Sequence[Rollout]) -> Rollout:
    """One rollout of the episodes of all rollouts, in their order."""
    return Rollout(*map(np.concatenate, zip(*rollouts, strict=True)))


def sample(environment: gymnasium.Env, actor: Actor, steps: int, time_limit: int, seed: int) -> Rollout:
    """Collects whole episodes until they have a minimum number of steps in total.

    The result depends on the actor and the seed only, since the environment is reset with the seed.

    Args:
        environment: its observations are vectors.
        actor: draws actions.
        steps: minimum number of steps.
        time_limit: number of steps after which an episode is truncated.
        seed: of the actions and of the environment.

    Raises:
        GenzooError: an observation or a reward is not finite.
    """
    random = np.random.default_rng(seed)
    # Buffers for the largest possible number of steps: the last episode may start at step ``steps - 1``.
    space, size = environment.action_space, steps + time_limit
    observations = np.empty((size, *environment.observation_space.shape), np.float32)
    actions = np.empty((size, *space.shape), np.float32 if isinstance(space, Box) else np.int64)
    rewards = np.empty(size)
    lengths, ends, last = [], [], []

    n, observation = 0, environment.reset(seed=seed)[0]
    while n < steps:
        start, end = n, n + time_limit
        terminated = truncated = False
        while n < end and not (terminated or truncated):
            observations[n] = observation
            actions[n] = action = actor(observations[n], random)
            observation, rewards[n], terminated, truncated, _ = environment.step(action)
            n += 1
        lengths.append(n - start)
        ends.append(terminated)
        last.append(np.array(observation, np.float32))
        check_finite("an observation", n - start, seed, observations[start:n], last[-1])
        check_finite("a reward", n - start, seed, rewards[start:n])
        observation = environment.reset()[0]
    return Rollout(
        *(observations[:n], actions[:n], rewards[:n], np.array(lengths), np.array(ends, bool), np.stack(last)),
    )
