"""A film of an episode, of an environment whose pictures are known."""

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete

from genzoo.core.errors import GenzooError
from genzoo.data.environment import EnvironmentData
from genzoo.metrics.film import Film, Filmed


class Drawn(gymnasium.Env):
    """Draws the number of the step, or what it is given, or fails."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012

    def __init__(self, render_mode=None, ends=100, fails=None):
        self.observation_space, self.action_space = Box(-1, 1, (2,)), Discrete(2)
        self.render_mode, self.ends, self.fails, self.t = render_mode, ends, fails, 0

    def reset(self, *, seed=None, options=None):
        self.t = 0
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.t += 1
        return np.zeros(2, np.float32), 1.0, self.t == self.ends, False, {}

    def render(self):
        if self.fails:
            raise self.fails
        return np.full((40, 80, 3), self.t, np.uint8) if self.render_mode == "rgb_array" else None


class Still:
    device = torch.device("cpu")

    def act(self, observations, deterministic, generator):
        return torch.zeros(len(observations), dtype=torch.long)


@pytest.fixture
def drawn():
    gymnasium.register("tests/Drawn-v0", entry_point=Drawn)
    yield lambda **options: EnvironmentData("drawn", "tests/Drawn-v0", 2, 2, "Categorical", 60, options=options)
    del gymnasium.registry["tests/Drawn-v0"]


def test_pictures_are_evenly_spaced_and_made_small(drawn):
    pictures = Film(frames=7, size=20)(Still(), drawn(), "test").animations["episode"]
    assert [np.unique(picture).tolist() for picture in pictures] == [[t] for t in range(0, 60, 9)]
    assert {picture.size for picture in pictures} == {(20, 10)}


def test_a_short_episode_gives_a_short_film(drawn):
    assert len(Film(frames=30)(Still(), drawn(ends=5), "test").animations["episode"]) == 3


@pytest.mark.parametrize(
    ("fails", "message"),
    [
        (gymnasium.error.DependencyNotInstalled("pygame is not"), r'not installed; pip install "genzoo\[render\]"$'),
        (gymnasium.error.DependencyNotInstalled("Box2D, by `pip`"), r"not installed; Box2D, by `pip`$"),
        (AttributeError("eglQueryString"), r"cannot be rendered on this machine; leave the film out"),
        (NotImplementedError(), r"cannot be rendered on this machine; leave the film out"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(fails, message, drawn):
    with pytest.raises(GenzooError, match=f"metrics.film: .*{message}"):
        Film()(Still(), drawn(fails=fails), "test")


@pytest.mark.parametrize("key", ["frames", "size"])
def test_no_film_is_refused(key):
    with pytest.raises(GenzooError, match=f"metrics.film.{key}=0: a positive"):
        Film(**{key: 0})


@pytest.mark.parametrize(("id", "camera"), [("Hopper-v5", "track"), ("InvertedPendulum-v5", None)])
def test_the_camera_goes_along_where_there_is_such_a_camera(id, camera):
    pytest.importorskip("mujoco", reason="the extra mujoco is not installed")
    environment = gymnasium.make(id, render_mode="rgb_array")
    Filmed(environment, 1, 100)
    number = environment.unwrapped.mujoco_renderer.camera_id
    assert (environment.unwrapped.model.camera(number).name if number >= 0 else None) == camera
