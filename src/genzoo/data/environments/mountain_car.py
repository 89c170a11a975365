"""Two mountain cars with a sparse reward: Gymnasium's continuous one, and the one of the VIME paper."""

import math
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.envs.classic_control.continuous_mountain_car import Continuous_MountainCarEnv
from gymnasium.spaces import Box

from genzoo.data.environments.mechanics import runge_kutta


class SparseMountainCar(Continuous_MountainCarEnv):
    """Gymnasium's MountainCarContinuous with reward 1 at the goal and 0 elsewhere.

    Example:
        >>> car = SparseMountainCar()
        >>> _ = car.reset(seed=0)
        >>> car.step(np.array([1.0]))[1]
        0.0
    """

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Steps the environment, without its cost of actions."""
        observation, _, terminated, truncated, more = super().step(action)
        return observation, float(terminated), terminated, truncated, more


class VimeMountainCar(gymnasium.Env):
    """A car with a motor too weak for the slopes of its valley; the reward is 1 for leaving it on the right.

    The valley is y = 1 - cos(πx/2), |x| ≤ 2, in metres; a car of 0.4 kg slides along it without friction, pushed along
    its slope by a force F of at most 1 N. It starts at the bottom with a velocity of U(-1, 1) and leaves the valley at
    x ≥ 0.6, or at x ≤ -2. The observation is x and its velocity.

    The original simulates a box on a chain of edges in Box2D; here it is a point on the curve.

    Args:
        left_pays: also give the reward for leaving on the left, as in the original's code.
        render_mode: required by Gymnasium; nothing is rendered.

    Source: Houthooft et al. 2016, arXiv 1605.09674, section 3.1; openai/vime, envs/mountain_car_env_x.py; rll/rllab,
    rllab/envs/box2d/models/mountain_car.xml.mako.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}
    mass, gravity, dt = 0.4, 10.0, 0.05  # kg, m/s², s
    goal, edge = 0.6, 2.0  # m

    def __init__(self, left_pays: bool = False, render_mode: str | None = None):
        self.left_pays, self.render_mode = left_pays, render_mode
        self.action_space = Box(-1.0, 1.0, (1,), np.float32)
        self.observation_space = Box(-np.inf, np.inf, (2,), np.float32)
        self.state = (0.0, 0.0)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray, dict[str, Any]]:
        """Starts an episode at the bottom."""
        super().reset(seed=seed)
        self.state = (0.0, float(self.np_random.uniform(-1, 1)))
        return np.array(self.state, np.float32), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Advances by ``dt`` = 0.05 s."""
        force = min(max(float(action[0]), -1.0), 1.0)
        for _ in range(2):
            self.state = runge_kutta(lambda state: self.motion(state, force), self.state, self.dt / 2)
        right, left = self.state[0] >= self.goal, self.state[0] <= -self.edge
        reward = float(right or (left and self.left_pays))
        return np.array(self.state, np.float32), reward, right or left, False, {}

    def motion(self, state: tuple[float, ...], force: float) -> tuple[float, float]:
        """Returns the time derivative (x', x'') of (x, x') by Lagrange's equation of a point on y(x),

        (1 + y'²) x'' + y' y'' x'² = -g y' + F/m √(1 + y'²).
        """
        x, v = state
        slope = math.pi / 2 * math.sin(math.pi * x / 2)
        curvature = (math.pi / 2) ** 2 * math.cos(math.pi * x / 2)
        stretch = 1 + slope**2
        push = force / self.mass * math.sqrt(stretch)
        return v, (push - self.gravity * slope - slope * curvature * v**2) / stretch
