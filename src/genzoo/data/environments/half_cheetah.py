"""The half cheetah with a sparse reward that VIME was tried on."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box


class SparseForward(gymnasium.Wrapper):
    """Gives 1 on each step on which the torso is beyond a place, and shows where its centre of mass is.

    Observed are all positions but the first, all velocities and the torso's centre of mass (3).

    Args:
        environment: of Gymnasium's MuJoCo ones.
        beyond: place along the track, in metres.

    Source: openai/vime, envs/half_cheetah_env_x.py.
    """

    def __init__(self, environment: gymnasium.Env, beyond: float = 5.0):
        super().__init__(environment)
        self.beyond, self._base = beyond, environment.unwrapped
        self._torso = self._base.model.body("torso").id
        n = self._base.model.nq - 1 + self._base.model.nv + 3
        self.observation_space = Box(-np.inf, np.inf, (n,), np.float64)

    def reset(self, **options: Any) -> tuple[np.ndarray, dict[str, Any]]:
        """As the environment's."""
        _, more = self.env.reset(**options)
        return self._observe(), more

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """As the environment's, but for what is observed and the reward."""
        _, _, terminated, truncated, more = self.env.step(action)
        observation = self._observe()
        return observation, float(observation[-3] > self.beyond), terminated, truncated, more

    def _observe(self) -> np.ndarray:
        import mujoco

        model, state = self._base.model, self._base.data
        mujoco.mj_kinematics(model, state)  # a step ends with new positions, but with the centres of the old ones
        mujoco.mj_comPos(model, state)
        return np.concatenate([state.qpos[1:], state.qvel, state.subtree_com[self._torso]])


def sparse_half_cheetah(**options: Any) -> gymnasium.Env:
    """HalfCheetah-v5 with the reward 1 beyond 5 m and 0 before.

    Args:
        options: of HalfCheetah-v5.
    """
    return SparseForward(gymnasium.make("HalfCheetah-v5", max_episode_steps=-1, disable_env_checker=True, **options))
