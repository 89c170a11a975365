"""Episodes of a policy that is known."""

import numpy as np
import pytest
import torch

from genzoo.core.randomness import derive_seed
from genzoo.data.environment import EnvironmentData
from genzoo.metrics.playing import play

POLE = EnvironmentData("cartpole", "CartPole-v1", 4, 2, "Categorical", time_limit=40)
CAR = EnvironmentData("car", "MountainCarContinuous-v0", 2, 1, "Gaussian", time_limit=30)


class Module:
    """Does what it is told, and keeps what it saw."""

    device = torch.device("cpu")

    def __init__(self, action):
        self.action, self.seen = action, []

    def act(self, observations, deterministic, generator):
        self.seen.append(observations)
        return self.action.expand(len(observations), *self.action.shape)


def played_alone(data, seed, action):
    environment, seen, paid = data.make(), [], []
    observation, _ = environment.reset(seed=seed)
    for _ in range(data.spec.time_limit):
        seen.append(observation)
        observation, reward, terminated, truncated, _ = environment.step(action)
        paid.append(reward)
        if terminated or truncated:
            break
    return np.array(seen, np.float32), paid


def test_episodes_side_by_side_are_those_played_alone():
    episodes = play(Module(torch.tensor(0)), POLE, 4, "test", 3, True)
    for i, episode in enumerate(episodes):
        seen, paid = played_alone(POLE, derive_seed(3, "episodes", "test", i), 0)
        assert np.array_equal(episode.observations, seen)
        assert episode.rewards.tolist() == paid
        assert episode.actions.tolist() == [0] * len(paid)
    assert len({len(episode.rewards) for episode in episodes}) > 1


def test_points_are_clipped_to_the_box_but_kept_as_chosen_and_episodes_are_cut_off():
    (episode,) = play(Module(torch.tensor([-7.0])), CAR, 1, "test", 0, True)
    _, paid = played_alone(CAR, derive_seed(0, "episodes", "test", 0), np.array([-1.0]))
    assert episode.rewards.tolist() == paid
    assert sum(paid) == pytest.approx(-3.0)
    assert episode.actions.tolist() == [[-7.0]] * 30


def test_it_is_asked_for_float32_of_the_episodes_that_go_on():
    module = Module(torch.tensor(0))
    episodes = play(module, POLE, 3, "test", 0, True)
    lengths = [len(episode.rewards) for episode in episodes]
    assert [len(seen) for seen in module.seen] == [sum(n > t for n in lengths) for t in range(max(lengths))]
    assert {seen.dtype for seen in module.seen} == {torch.float32}
