"""Episodes of a policy that is known."""

import numpy as np
import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.core.randomness import derive_seed
from genzoo.data.environment import EnvironmentData
from genzoo.metrics.playing import play

POLE = EnvironmentData("cartpole", "CartPole-v1", 4, 2, "Categorical", time_limit=40)
CAR = {"name": "car", "id": "MountainCarContinuous-v0", "observations": 2, "actions": 1, "policy": "Gaussian"}


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


@pytest.mark.parametrize(("clipped", "given"), [(True, -1.0), (False, -7.0)])
def test_points_are_kept_and_charged_for_as_chosen_or_as_clipped_and_episodes_are_cut_off(clipped, given):
    """A tenth of the square of the action is charged on each of 30 steps."""
    car = EnvironmentData(**CAR, time_limit=30, clip_actions=clipped)
    (episode,) = play(Module(torch.tensor([-7.0])), car, 1, "test", 0, True)
    assert sum(episode.rewards) == pytest.approx(30 * -0.1 * given**2)
    assert episode.actions.tolist() == [[-7.0]] * 30


def test_an_environment_that_writes_into_actions_leaves_those_that_are_kept():
    data = EnvironmentData(**CAR, time_limit=2, clip_actions=False)

    def make():
        environment = data.make()
        step = environment.step
        environment.step = lambda action: (step(action), action.fill(9))[0]
        return environment

    (episode,) = play(Module(torch.tensor([0.5])), data, 1, "test", 0, True, make)
    assert episode.actions.tolist() == [[0.5]] * 2


def test_it_is_asked_for_float32_of_the_episodes_that_go_on():
    module = Module(torch.tensor(0))
    episodes = play(module, POLE, 3, "test", 0, True)
    lengths = [len(episode.rewards) for episode in episodes]
    assert [len(seen) for seen in module.seen] == [sum(n > t for n in lengths) for t in range(max(lengths))]
    assert {seen.dtype for seen in module.seen} == {torch.float32}


@pytest.mark.parametrize(
    ("what", "after", "acted"),
    [("an observation", 0, 0), ("an observation", 2, 2), ("a reward", 1, 1), ("a reward", 3, 3)],
)
def test_what_is_not_finite_ends_it_before_the_module_sees_it(what, after, acted):
    """After so many steps of the second of two episodes."""
    made = []

    def make():
        environment, bad = POLE.make(), len(made) == 1
        made.append(environment)
        reset, step, steps = environment.reset, environment.step, iter(range(1, 100))

        def spoiled(t, observation, *others):
            observation = np.full(4, np.nan) if (what, after) == ("an observation", t) else observation
            return (observation, np.inf, *others[1:]) if (what, after) == ("a reward", t) else (observation, *others)

        if bad:
            environment.reset = lambda **options: spoiled(0, *reset(**options))
            environment.step = lambda action: spoiled(next(steps), *step(action))
        return environment

    module, seed = Module(torch.tensor(0)), derive_seed(3, "episodes", "test", 1)
    message = (
        rf"^the environment returned {what} that is not finite, in an episode of {after} steps \(seed {seed}\); correct"
    )
    with pytest.raises(GenzooError, match=message):
        play(module, POLE, 2, "test", 3, True, make)
    assert len(module.seen) == acted
    assert all(seen.isfinite().all() for seen in module.seen)
