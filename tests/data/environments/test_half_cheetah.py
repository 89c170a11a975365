"""The sparse half cheetah, where MuJoCo is installed."""

import gymnasium
import numpy as np
import pytest

from genzoo.data.environments import half_cheetah

mujoco = pytest.importorskip("mujoco", reason="the extra mujoco is not installed")


@pytest.fixture
def cheetah():
    environment = half_cheetah.sparse_half_cheetah(frame_skip=1)
    environment.reset(seed=0)
    yield environment
    environment.close()


def test_it_observes_positions_and_velocities(cheetah):
    dense = gymnasium.make("HalfCheetah-v5", frame_skip=1, max_episode_steps=-1)
    dense.reset(seed=0)
    action = np.full(6, 0.3, np.float32)
    observation, expected = cheetah.step(action)[0], dense.step(action)[0]
    assert observation.shape == cheetah.observation_space.shape == (20,)
    assert np.allclose(observation[:17], expected)
    assert cheetah.unwrapped.dt == 0.01


def test_the_centre_of_mass_is_that_of_the_positions_beside_it(cheetah):
    """As MuJoCo has it where the same positions are new to it."""
    model, state = cheetah.unwrapped.model, cheetah.unwrapped.data
    for _ in range(5):
        observation = cheetah.step(np.full(6, 0.3, np.float32))[0]
    fresh = mujoco.MjData(model)
    fresh.qpos[:], fresh.qvel[:] = state.qpos, state.qvel
    mujoco.mj_forward(model, fresh)
    centre = model.body_mass @ fresh.xipos / model.body_mass.sum()  # the torso carries all bodies
    assert np.allclose(observation[17:], centre, atol=1e-12)


def test_to_observe_does_not_change_where_it_goes(cheetah):
    dense, action = gymnasium.make("HalfCheetah-v5", frame_skip=1, max_episode_steps=-1), np.full(6, 0.3, np.float32)
    dense.reset(seed=0)
    for _ in range(50):
        observation, expected = cheetah.step(action)[0], dense.step(action)[0]
    assert np.array_equal(observation[:17], expected)


@pytest.mark.parametrize(("place", "reward"), [(4.0, 0.0), (6.0, 1.0)])
def test_it_is_paid_beyond_five_metres(cheetah, place, reward):
    state = cheetah.unwrapped
    state.set_state(state.data.qpos + place * np.eye(state.model.nq)[0], state.data.qvel)
    _, found, terminated, truncated, _ = cheetah.step(np.zeros(6, np.float32))
    assert (found, terminated, truncated) == (reward, False, False)
