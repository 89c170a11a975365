"""The sparse half cheetah, where MuJoCo is installed."""

import gymnasium
import numpy as np
import pytest

from genzoo.data.environments import half_cheetah

pytest.importorskip("mujoco", reason="the extra mujoco is not installed")


@pytest.fixture
def cheetah():
    environment = half_cheetah.sparse_half_cheetah(frame_skip=1)
    environment.reset(seed=0)
    yield environment
    environment.close()


def test_it_observes_positions_velocities_and_its_centre_of_mass(cheetah):
    dense = gymnasium.make("HalfCheetah-v5", frame_skip=1, max_episode_steps=-1)
    dense.reset(seed=0)
    action = np.full(6, 0.3, np.float32)
    observation, expected = cheetah.step(action)[0], dense.step(action)[0]
    assert observation.shape == cheetah.observation_space.shape == (20,)
    assert np.allclose(observation[:17], expected)
    masses, centres = cheetah.unwrapped.model.body_mass, cheetah.unwrapped.data.xipos  # the torso carries all bodies
    assert np.allclose(observation[17:], masses @ centres / masses.sum())
    assert cheetah.unwrapped.dt == 0.01


@pytest.mark.parametrize(("place", "reward"), [(4.0, 0.0), (6.0, 1.0)])
def test_it_is_paid_beyond_five_metres(cheetah, place, reward):
    state = cheetah.unwrapped
    state.set_state(state.data.qpos + place * np.eye(state.model.nq)[0], state.data.qvel)
    _, found, terminated, truncated, _ = cheetah.step(np.zeros(6, np.float32))
    assert (found, terminated, truncated) == (reward, False, False)
