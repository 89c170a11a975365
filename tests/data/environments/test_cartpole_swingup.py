"""The equations of the swing-up."""

import math

import gymnasium
import numpy as np
import pytest

from genzoo.data.environments.cartpole_swingup import VimeCartPoleSwingup

STATES = [(0.1, 0.5, math.pi - 0.7, 1.0), (-0.4, -1.0, 0.3, -2.0), (0.0, 0.0, 2.0, 3.0)]


def energy(state):
    """Of a cart of 1 kg and a thin pole of 0.1 kg and 1 m."""
    _, v, angle, w = state
    across, up = v + 0.5 * w * math.cos(angle), -0.5 * w * math.sin(angle)
    return v**2 / 2 + 0.05 * (across**2 + up**2) + 0.1 / 12 * w**2 / 2 + 0.1 * 10 * 0.5 * math.cos(angle)


def momentum(state):
    """Along the track."""
    _, v, angle, w = state
    return v + 0.1 * (v + 0.5 * w * math.cos(angle))


@pytest.mark.parametrize("state", STATES)
def test_without_a_force_energy_and_momentum_are_kept(state):
    swing = VimeCartPoleSwingup()
    swing.state = state
    for _ in range(100):
        swing.step(np.array([0.0]))
    assert energy(swing.state) == pytest.approx(energy(state), abs=2e-3)
    assert momentum(swing.state) == pytest.approx(momentum(state), abs=1e-4)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("action", "force"), [(1, 10.0), (0, -10.0)])
def test_it_accelerates_as_gymnasiums_cart_pole(state, action, force):
    pole = gymnasium.make("CartPole-v1").unwrapped  # of the same masses and length
    pole.gravity = 10.0
    pole.reset(seed=0)
    pole.state = np.array(state)
    pole.step(action)
    accelerations = (np.array(pole.state) - state) / pole.tau
    assert VimeCartPoleSwingup().motion(state, force) == pytest.approx(accelerations, rel=1e-4, abs=1e-4)


def test_forces_are_bounded():
    found = []
    for force in (10.0, 80.0):
        swing = VimeCartPoleSwingup()
        swing.state = STATES[0]
        found.append(swing.step(np.array([force]))[0])
    assert np.array_equal(*found)


def test_it_starts_hanging_somewhere_near_the_middle():
    swing = VimeCartPoleSwingup()
    starts = np.array([swing.reset(seed=seed)[0] for seed in range(500)])
    low, high = np.array([-1, -2, math.pi - 1, -3]), np.array([1, 2, math.pi + 1, 3])
    assert (starts >= low - 1e-6).all()
    assert (starts <= high + 1e-6).all()
    assert (starts.min(0) < low + 0.05 * (high - low)).all()
    assert (starts.max(0) > high - 0.05 * (high - low)).all()


@pytest.mark.parametrize(
    ("state", "reward", "terminated"),
    [
        ((0.0, 0.0, 0.0, 0.0), 1.0, False),
        ((0.0, 0.0, 2 * math.pi, 0.0), 1.0, False),
        ((0.0, 0.0, 0.7, 0.0), 0.0, False),  # cos 0.7 = 0.76
        ((0.0, 0.0, math.pi, 0.0), 0.0, False),
        ((2.99, 2.0, 0.0, 0.0), 0.0, True),
        ((-2.99, -2.0, 0.0, 0.0), 0.0, True),
    ],
)
def test_the_reward_is_for_a_pole_that_stands(state, reward, terminated):
    swing = VimeCartPoleSwingup()
    swing.state = state
    _, found, ended, truncated, _ = swing.step(np.array([0.0]))
    assert (found, ended, truncated) == (reward, terminated, False)
