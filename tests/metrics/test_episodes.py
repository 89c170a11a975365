"""The return of episodes, of a policy whose return is known."""

import pytest
import torch

from genzoo.core.capabilities import Acts
from genzoo.core.errors import GenzooError
from genzoo.data.environment import EnvironmentData
from genzoo.metrics.episodes import EpisodeReturn
from genzoo.metrics.evaluation import evaluate

POLE = EnvironmentData("cartpole", "CartPole-v1", 4, 2, "Categorical", time_limit=40)


class Module(torch.nn.Module):
    """Pushes left if it acts deterministically, else anywhere."""

    device = torch.device("cpu")

    def capabilities(self):
        return {Acts}

    def inference(self):
        return torch.no_grad()

    def act(self, observations, deterministic=False, generator=None):
        n = len(observations)
        return torch.zeros(n, dtype=torch.long) if deterministic else torch.randint(2, (n,), generator=generator)


def test_both_kinds_are_measured_with_their_deviation():
    values = evaluate({"episodes": EpisodeReturn(episodes=12)}, Module(), POLE, "test").values
    assert values["test/return"] == values["test/episode_length"] < 11
    assert values["test/return_std"] < 1.5
    assert values["test/return_stochastic"] > 14
    assert values["test/return_stochastic_std"] > 5


def test_a_measurement_can_be_repeated_and_the_splits_differ():
    first, again, other = (
        evaluate({"episodes": EpisodeReturn(episodes=5)}, Module(), POLE, split).values
        for split in ("test", "test", "validation")
    )
    assert first == again
    assert list(first.values()) != list(other.values())


def test_it_says_how_it_measured():
    assert evaluate({"x": EpisodeReturn(3)}, Module(), POLE, "test").protocol == {
        "x": {"episodes": 3, "time_limit": 40}
    }


def test_no_episodes_are_refused():
    with pytest.raises(GenzooError, match=r"metrics.episodes.episodes=0"):
        EpisodeReturn(episodes=0)
