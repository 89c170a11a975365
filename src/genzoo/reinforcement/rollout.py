"""Whole episodes by a policy."""

from collections.abc import Sequence
from typing import NamedTuple

import gymnasium
import numpy as np
from gymnasium.spaces import Box

from genzoo.core.checks import check_finite
from genzoo.reinforcement.policies import Actor


class Rollout(NamedTuple):
    """Whole episodes, one after the other.

    Args:
        observations: float32 (N, D): what each step began with.
        actions: as drawn, whether or not the environment clips them: int64 (N,) or float32 (N, A).
        rewards: float64 (N,).
        lengths: steps of each episode, int64 (E,); they add up to N.
        terminated: whether the environment ended the episode; else it was cut off. Bool (E,).
        last: what the last step of each episode led to, float32 (E, D).
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    lengths: np.ndarray
    terminated: np.ndarray
    last: np.ndarray

    @property
    def starts(self) -> np.ndarray:
        """The first step of each episode (E,)."""
        return self.lengths.cumsum() - self.lengths

    @property
    def times(self) -> np.ndarray:
        """The number of each step within its episode, from 0 (N,)."""
        return np.arange(len(self.rewards)) - np.repeat(self.starts, self.lengths)

    @property
    def returns(self) -> np.ndarray:
        """The sum of the rewards of each episode (E,)."""
        return np.add.reduceat(self.rewards, self.starts)


def concatenated(rollouts: Sequence[Rollout]) -> Rollout:
    """The episodes of all, in their order."""
    return Rollout(*map(np.concatenate, zip(*rollouts, strict=True)))


def sample(environment: gymnasium.Env, actor: Actor, steps: int, time_limit: int, seed: int) -> Rollout:
    """Plays whole episodes until they have so many steps together.

    What is played is a function of the actor and the seed, which the environment is reset with: nothing of an earlier
    call is left.

    Args:
        environment: observes vectors.
        actor: draws actions.
        steps: at least so many.
        time_limit: steps after which an episode is cut off.
        seed: of the actions and of the environment.

    Raises:
        GenzooError: an observation or a reward is not finite.
    """
    random = np.random.default_rng(seed)
    space, room = environment.action_space, steps + time_limit
    observations = np.empty((room, *environment.observation_space.shape), np.float32)
    actions = np.empty((room, *space.shape), np.float32 if isinstance(space, Box) else np.int64)
    rewards = np.empty(room)
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
