"""The half cheetah with a sparse reward from the VIME paper."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box


class SparseForward(gymnasium.Wrapper):
    """The reward is 1 for each step in which the torso is beyond a position on the track.

    The observation is all positions except the first, all velocities and the torso's centre of mass (3).

    Args:
        environment: a MuJoCo environment of Gymnasium.
        beyond: position along the track, in metres.

    Source: openai/vime, envs/half_cheetah_env_x.py.
    """

    def __init__(self, environment: gymnasium.Env, beyond: float = 5.0):
        super().__init__(environment)
        self.beyond, self._base = beyond, environment.unwrapped
        self._torso = self._base.model.body("torso").id
        n = self._base.model.nq - 1 + self._base.model.nv + 3
        self.observation_space = Box(-np.inf, np.inf, (n,), np.float64)

    def reset(self, **options: Any) -> tuple[np.ndarray, dict[str, Any]]:
        """Resets the environment; see the class for the observation."""
        _, more = self.env.reset(**options)
        return self._observe(), more

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Steps the environment; see the class for observation and reward."""
        _, _, terminated, truncated, more = self.env.step(action)
        observation = self._observe()
        return observation, float(observation[-3] > self.beyond), terminated, truncated, more

    def _observe(self) -> np.ndarray:
        import mujoco

        model, state = self._base.model, self._base.data
        mujoco.mj_kinematics(model, state)  # after a step, centres of mass still belong to the previous positions
        mujoco.mj_comPos(model, state)
        return np.concatenate([state.qpos[1:], state.qvel, state.subtree_com[self._torso]])


def sparse_half_cheetah(**options: Any) -> gymnasium.Env:
    """Builds HalfCheetah-v5 with reward 1 beyond 5 m and 0 before.

    Args:
        options: options of HalfCheetah-v5.
    """
    return SparseForward(gymnasium.make("HalfCheetah-v5", max_episode_steps=-1, disable_env_checker=True, **options))
