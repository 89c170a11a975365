"""The equations of the two mountain cars."""

import math

import gymnasium
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from genzoo.data.environments.mountain_car import SparseMountainCar, VimeMountainCar


def height(x):
    return 1 - math.cos(math.pi * x / 2)


def energy(state):
    """Per kilogramme."""
    x, v = state
    slope = math.pi / 2 * math.sin(math.pi * x / 2)
    return (1 + slope**2) * v**2 / 2 + 10 * height(x)


def rolled(state, force, steps):
    car = VimeMountainCar()
    car.state = state
    for _ in range(steps):
        car.step(np.array([force]))
    return car.state


@pytest.mark.parametrize("state", [(0.0, 1.0), (0.4, -0.7), (-1.2, 0.3)])
def test_without_a_force_energy_is_kept(state):
    assert energy(rolled(state, 0.0, 200)) == pytest.approx(energy(state), rel=2e-3)


@pytest.mark.parametrize("force", [-1.0, 0.4, 1.0, 5.0])
def test_it_moves_as_along_the_arc(force):
    """s'' = F/m - g sin α for the length s of the arc, solved for s, which x is then found from."""
    start, pushed = (0.2, -0.5), max(min(force, 1.0), -1.0)

    def slope(x):
        return math.pi / 2 * math.sin(math.pi * x / 2)

    def motion(t, y):  # of (x, speed along the arc)
        x, u = y
        angle = math.atan(slope(x))
        return [u * math.cos(angle), pushed / 0.4 - 10 * math.sin(angle)]

    speed = start[1] * math.hypot(1, slope(start[0]))
    x, u = solve_ivp(motion, (0, 2.0), [start[0], speed], rtol=1e-9, atol=1e-9).y[:, -1]
    assert rolled(start, force, 40) == pytest.approx((x, u / math.hypot(1, slope(x))), abs=2e-3)


def test_its_motor_is_too_weak_for_the_slope():
    car = VimeMountainCar()
    car.reset(seed=0)
    assert not any(car.step(np.array([1.0]))[2] for _ in range(500))


def test_it_starts_at_the_bottom_with_any_speed_up_to_one():
    car = VimeMountainCar()
    starts = np.array([car.reset(seed=seed)[0] for seed in range(300)])
    assert (starts[:, 0] == 0).all()
    assert -1 <= starts[:, 1].min() < -0.95
    assert 0.95 < starts[:, 1].max() <= 1


@pytest.mark.parametrize(
    ("options", "state", "reward", "terminated"),
    [
        ({}, (0.59, 2.0), 1.0, True),
        ({}, (0.5, 0.5), 0.0, False),
        ({}, (-1.99, -2.0), 0.0, True),
        ({"left_pays": True}, (-1.99, -2.0), 1.0, True),
        ({"left_pays": True}, (-1.5, 0.0), 0.0, False),
    ],
)
def test_the_reward_is_for_leaving_the_valley(options, state, reward, terminated):
    car = VimeMountainCar(**options)
    car.state = state
    _, found, ended, truncated, _ = car.step(np.array([0.0]))
    assert (found, ended, truncated) == (reward, terminated, False)


def test_gymnasiums_car_moves_as_it_did_and_is_paid_at_the_goal_only():
    sparse, dense = SparseMountainCar(), gymnasium.make("MountainCarContinuous-v0").unwrapped
    assert np.array_equal(sparse.reset(seed=3)[0], dense.reset(seed=3)[0])
    for state in ((-0.5, 0.0), (0.44, 0.05)):
        sparse.state, dense.state = np.array(state), np.array(state)
        (a, reward, ended, *_), (b, *_) = sparse.step(np.array([0.7])), dense.step(np.array([0.7]))
        assert np.array_equal(a, b)
        assert (reward, ended) == ((1.0, True) if state[0] > 0 else (0.0, False))
