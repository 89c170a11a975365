"""Where a policy goes, whose ways are known."""

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box

from genzoo.core.capabilities import Acts
from genzoo.core.errors import GenzooError
from genzoo.data.environment import EnvironmentData
from genzoo.metrics.evaluation import evaluate
from genzoo.metrics.visits import VisitedStates, map_picture
from genzoo.runs.build import build_data
from support import ROOT, resolved

CAR = EnvironmentData("car", "MountainCarContinuous-v0", 2, 1, "Gaussian", time_limit=30)


class Module(torch.nn.Module):
    """Pushes by a constant, or anywhere."""

    device = torch.device("cpu")

    def __init__(self, push=None):
        super().__init__()
        self.push = push

    def capabilities(self):
        return {Acts}

    def inference(self):
        return torch.no_grad()

    def act(self, observations, deterministic=False, generator=None):
        assert not deterministic
        n = len(observations)
        return torch.rand(n, 1, generator=generator) * 2 - 1 if self.push is None else torch.full((n, 1), self.push)


class Steps(gymnasium.Env):
    """Observes (0, t, 2 t) after t steps; nothing is bounded."""

    observation_space = Box(-np.inf, np.inf, (3,), np.float32)
    action_space = Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        self.t = 0
        return np.zeros(3, np.float32), {}

    def step(self, action):
        self.t += 1
        return np.array([0, self.t, 2 * self.t], np.float32), 0.0, False, False, {}


def measured(module=None, data=CAR, split="test", **options):
    return evaluate({"visits": VisitedStates(**options)}, module or Module(), data, split)


def steps(time_limit, monkeypatch):
    data = EnvironmentData("steps", "MountainCarContinuous-v0", 3, 1, "Gaussian", time_limit=time_limit)
    monkeypatch.setattr(EnvironmentData, "_make", lambda self, render_mode=None: Steps())
    return data


def test_cells_are_counted_over_given_ranges(monkeypatch):
    """t from 0 to 3 and 2 t from 0 to 6: the diagonal's first four cells of ten."""
    data = steps(4, monkeypatch)
    found = measured(data=data, episodes=2, dimensions=[1, 2], ranges=[[0, 10], [0, 20]], cells=10)
    assert found.values == {"test/visited_cells": 0.04}
    assert found.protocol["visits"]["ranges"] == [[0, 10], [0, 20]]


def test_without_bounds_the_map_ends_where_nobody_went(monkeypatch):
    found = measured(data=steps(5, monkeypatch), episodes=1, dimensions=[2, 1])
    assert np.allclose(found.protocol["visits"]["ranges"], [[0, 8], [0, 4]], atol=1e-5)


def test_the_environments_own_bounds_are_taken():
    assert np.allclose(measured(episodes=1).protocol["visits"]["ranges"], [[-1.2, 0.6], [-0.07, 0.07]])


def test_who_goes_further_visits_more_and_it_can_be_repeated():
    still, pushed = measured(Module(0.0)), measured(Module(1.0))
    assert 0 < still.values["test/visited_cells"] < pushed.values["test/visited_cells"] < 1
    assert measured().values == measured().values != measured(split="validation").values
    assert pushed.pictures["visits"].size == still.pictures["visits"].size


def test_the_map_shows_what_was_visited_where_it_was():
    edges, empty = [np.arange(5.0), np.arange(5.0)], np.zeros((4, 4))
    left = empty.copy()
    left[0, 3] = 7  # small x, large y: the upper left
    blank, drawn = (np.asarray(map_picture(counts, edges, [0, 1])).astype(int) for counts in (empty, left))
    rows, columns = np.nonzero(np.abs(blank - drawn).sum(-1))
    assert rows.max() < blank.shape[0] / 2
    assert columns.max() < blank.shape[1] / 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"episodes": 0}, "metrics.visits.episodes=0"),
        ({"cells": 0}, "metrics.visits.cells=0"),
        ({"dimensions": [0]}, r"metrics.visits.dimensions=\[0\]: expected two integers"),
        ({"ranges": [[0, 1], [1, 1]]}, "metrics.visits.ranges=.*: expected two pairs"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    with pytest.raises(GenzooError, match=message):
        VisitedStates(**options)


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "conf" / "experiment" / "vime").glob("*.yaml")))
def test_vimes_maps_of_several_models_are_alike(name):
    """Over given ranges where the environment itself has no bounds; episodes begin within them."""
    config = resolved(f"experiment=vime/{name}")
    if "Cheetah" in config["data"]["id"]:
        pytest.importorskip("mujoco", reason="the extra mujoco is not installed")
    environment, visits = build_data(config).make(), config["metrics"]["visits"]
    observation, space = environment.reset(seed=0)[0], environment.observation_space
    bounds = np.array([space.low, space.high]).T[visits["dimensions"]]
    assert np.isfinite(bounds).all() != bool(visits["ranges"])
    for number, (low, high) in zip(observation[visits["dimensions"]], visits["ranges"] or bounds, strict=True):
        assert low < number < high
    assert visits == resolved(f"experiment=vime/{name.removesuffix('_trpo')}")["metrics"]["visits"]


def test_a_dimension_that_is_not_observed_is_named():
    found = measured(dimensions=[0, 2])
    assert "metrics.visits.dimensions=[0, 2]: observations of data=car have 2 dimensions" in str(found.errors["visits"])
