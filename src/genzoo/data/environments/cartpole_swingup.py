"""The cart-pole swing-up with a sparse reward from the VIME paper."""

import math
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.spaces import Box

from genzoo.data.environments.mechanics import runge_kutta


class VimeCartPoleSwingup(gymnasium.Env):
    """A pole that hangs from a cart; the reward is 1 for each step in which the pole is upright: cos θ > 0.8.

    A cart of 1 kg carries a pole of 0.1 kg and 1 m; a force of at most 10 N pushes the cart. θ is the pole's angle from
    the upright. The start is x ~ U(-1, 1), x' ~ U(-2, 2), θ ~ π + U(-1, 1), θ' ~ U(-3, 3); the episode ends, without a
    reward, if |x| > 3. The observation is x, x', θ (in radians, not wrapped) and θ'.

    The original simulates boxes in Box2D; here the pole is thin and there is no friction.

    Args:
        render_mode: required by Gymnasium; nothing is rendered.

    Source: Houthooft et al. 2016, arXiv 1605.09674, section 3.1; openai/vime, envs/cartpole_swingup_env_x.py;
    rll/rllab, rllab/envs/box2d/models/cartpole.xml.mako. Equations: Florian 2007, Correct equations for the dynamics of
    the cart-pole system, equations 23 and 24.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}
    cart, pole, half, gravity, dt = 1.0, 0.1, 0.5, 10.0, 0.05  # kg, kg, m, m/s², s
    low, high = np.array([-1, -2, np.pi - 1, -3]), np.array([1, 2, np.pi + 1, 3])

    def __init__(self, render_mode: str | None = None):
        self.render_mode = render_mode
        self.action_space = Box(-10.0, 10.0, (1,), np.float32)
        self.observation_space = Box(-np.inf, np.inf, (4,), np.float32)
        self.state = (0.0, 0.0, math.pi, 0.0)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray, dict[str, Any]]:
        """Starts an episode with the pole hanging, near the middle of the track."""
        super().reset(seed=seed)
        self.state = tuple(self.np_random.uniform(self.low, self.high).tolist())
        return np.array(self.state, np.float32), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Advances by ``dt`` = 0.05 s."""
        force = min(max(float(action[0]), -10.0), 10.0)
        self.state = runge_kutta(lambda state: self.motion(state, force), self.state, self.dt)
        x, _, angle, _ = self.state
        terminated = abs(x) > 3
        return np.array(self.state, np.float32), float(not terminated and math.cos(angle) > 0.8), terminated, False, {}

    def motion(self, state: tuple[float, ...], force: float) -> tuple[float, float, float, float]:
        """Returns the time derivative (x', x'', θ', θ'') of (x, x', θ, θ')."""
        _, v, angle, w = state
        sine, cosine, mass, lever = math.sin(angle), math.cos(angle), self.cart + self.pole, self.pole * self.half
        pushed = (force + lever * w**2 * sine) / mass
        turn = (self.gravity * sine - cosine * pushed) / (self.half * (4 / 3 - self.pole * cosine**2 / mass))
        return v, pushed - lever * turn * cosine / mass, w, turn
