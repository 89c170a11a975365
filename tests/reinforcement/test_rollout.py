import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete
from gymnasium.wrappers import ClipAction

from genzoo.core.errors import GenzooError
from genzoo.reinforcement.rollout import concatenated, sample


class Counting(gymnasium.Env):
    """Observes (episode, step) in one array that it writes into, pays the action, and ends or is cut off on demand."""

    def __init__(self, ends_after=(), cut_after=(), space=None, spoil=None):
        self.observation_space = Box(-np.inf, np.inf, (2,))
        self.action_space = space or Box(-1.0, 1.0, (1,))
        self.ends_after, self.cut_after, self.spoil = list(ends_after), list(cut_after), spoil
        self.seen, self.given, self.episode = np.zeros(2), [], -1

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episode += 1
        self.seen[:] = self.episode, 0
        return self.seen, {}

    def step(self, action):
        self.given.append(action)
        self.seen[1] += 1
        steps = self.seen[1]
        reward = float(np.asarray(action).reshape(-1)[0])
        if self.spoil == (self.episode, steps, "reward"):
            reward = float("nan")
        if self.spoil == (self.episode, steps, "observation"):
            self.seen[0] = np.inf
        ended = self.episode < len(self.ends_after) and steps == self.ends_after[self.episode]
        cut = self.episode < len(self.cut_after) and steps == self.cut_after[self.episode]
        return self.seen, reward, ended, cut, {}


def play(environment, steps=10, time_limit=4, seed=0, actor=None):
    return sample(environment, actor or (lambda seen, random: np.array([seen[1]])), steps, time_limit, seed)


def test_episodes_are_whole_and_told_apart():
    rollout = play(Counting(ends_after=[3, 4, 9], cut_after=[9, 9, 1]))
    assert rollout.lengths.tolist() == [3, 4, 1, 4]  # ended, ended at the limit, cut off by itself, by the limit
    assert rollout.terminated.tolist() == [True, True, False, False]
    assert rollout.observations[:, 0].tolist() == [0, 0, 0, 1, 1, 1, 1, 2, 3, 3, 3, 3]
    assert rollout.observations[:, 1].tolist() == rollout.times.tolist() == [0, 1, 2, 0, 1, 2, 3, 0, 0, 1, 2, 3]
    assert rollout.last.tolist() == [[0, 3], [1, 4], [2, 1], [3, 4]]
    assert rollout.starts.tolist() == [0, 3, 7, 8]


@pytest.mark.parametrize("clipped", [False, True])
def test_actions_are_stored_and_given_as_drawn_unless_the_environment_clips(clipped):
    environment = Counting()
    played = ClipAction(environment) if clipped else environment
    rollout = play(played, steps=4, actor=lambda seen, random: np.array([2.0 * seen[1] - 3.0]))
    given = [-1, -1, 1, 1] if clipped else [-3, -1, 1, 3]
    assert rollout.actions[:, 0].tolist() == [-3, -1, 1, 3]
    assert [action.item() for action in environment.given] == given
    assert rollout.rewards.tolist() == given


def test_numbers_of_actions_stay_numbers():
    environment = Counting(space=Discrete(5))
    rollout = play(environment, actor=lambda seen, random: int(seen[1]))
    assert rollout.actions.dtype == np.int64
    assert rollout.actions.shape == (12,)
    assert rollout.returns.tolist() == [6, 6, 6]
    assert isinstance(environment.given[0], int)


def test_the_seed_decides_everything_and_earlier_episodes_nothing():
    def noisy(seen, random):
        return random.random()

    pole = gymnasium.make("CartPole-v1").unwrapped
    a, b, c = (sample(pole, lambda seen, r: int(noisy(seen, r) < 0.5), 50, 20, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert not np.array_equal(a.observations[:5], c.observations[:5])
    assert not np.array_equal(a.actions[:40], c.actions[:40])


def test_rollouts_are_joined_in_order():
    a, b = play(Counting(ends_after=[3] * 9)), play(Counting(ends_after=[2] * 9))
    both = concatenated([a, b])
    assert both.lengths.tolist() == [3] * 4 + [2] * 5
    assert both.times.tolist() == [0, 1, 2] * 4 + [0, 1] * 5
    assert both.returns.tolist() == [3] * 4 + [1] * 5


@pytest.mark.parametrize("what", ["an observation", "a reward"])
@pytest.mark.parametrize("step", [2, 4])
def test_what_is_not_finite_is_named(what, step):
    with pytest.raises(GenzooError, match=rf"returned {what} that is not finite, in an episode of 4 steps \(seed 7\)"):
        play(Counting(spoil=(1, step, what.split()[1])), seed=7)
