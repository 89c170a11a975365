"""The metric that shows how images are drawn."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from genzoo.core.batches import DataSpec
from genzoo.core.capabilities import Drawing, DrawsSequentially
from genzoo.core.errors import GenzooError
from genzoo.core.images import to_levels
from genzoo.core.inference import Inference
from genzoo.core.randomness import generator
from genzoo.metrics.canvases import Canvases, framed
from genzoo.runs.evaluate import evaluate
from genzoo.runs.train import train
from support import composed

DATA = SimpleNamespace(spec=DataSpec("painted", shape=(1, 64, 64), levels=2))


class Painter(Inference):
    """Draws images of one value each in eight steps, brighter and brighter."""

    def __init__(self, frames=None):
        super().__init__()
        self.frames = frames

    def capabilities(self):
        return frozenset({DrawsSequentially})

    def canvases(self, n, generator=None):
        values = torch.rand(1, n, generator=generator) * torch.linspace(0.1, 1, 8)[:, None]
        return Drawing(values[:, :, None, None, None].expand(-1, -1, 1, 64, 64), self.frames)


def levels(seed, n):
    """Step x sample."""
    images = Painter().canvases(n, generator(seed, "canvases")).images
    return to_levels(images[:, :, 0, 0, 0]).numpy()


def test_the_strip_shows_a_sample_a_row_from_an_early_step_to_the_last():
    sheet = np.array(Canvases(samples=3, columns=4, seed=2)(Painter(), DATA, "test").pictures["canvases"])[16:]
    assert sheet.shape == (3 * 66 + 2, 4 * 66 + 2)
    assert (sheet[20::66, 20::66] == levels(2, 3)[[1, 3, 5, 7]].T).all()


def test_no_step_is_shown_twice_where_there_are_few():
    sheet = np.array(Canvases(samples=2, columns=20)(Painter(), DATA, "test").pictures["canvases"])
    assert (sheet[20::66, 20::66] == levels(0, 2).T).all()


def test_the_animation_shows_all_samples_in_each_step():
    frames = Canvases(samples=4, seed=2)(Painter(), DATA, "test").animations["canvases"]
    assert len(frames) == 8
    for frame, expected in zip(frames, levels(2, 4), strict=True):
        assert (np.array(frame)[20::66, 20::66] == expected.reshape(2, 2)).all()


def test_pictures_are_the_same_on_a_second_call_and_touch_no_global_random_state():
    state = torch.get_rng_state()
    one, two, other = (Canvases(2, seed=s)(Painter(), DATA, "test").pictures["canvases"] for s in (0, 0, 1))
    assert (np.array(one) == np.array(two)).all()
    assert (np.array(one) != np.array(other)).any()
    assert torch.equal(torch.get_rng_state(), state)


RED, GREY = [1, -1, -1], [0.5, 0.5, 0.5]


@pytest.mark.parametrize(("size", "zoom"), [(16, 4), (64, 1)])
def test_a_frame_lies_around_what_it_encloses(size, zoom):
    """From x = 4 to 12 and from y = 2 to 10, with a border of 2 pixels."""
    images = torch.full((1, 1, size, size), 0.5)
    found = framed(images, torch.tensor([[4.0, 2.0, 12.0, 10.0, 2.0]]))[0]
    assert found.shape == (3, size * zoom, size * zoom)
    for y in range(size * zoom):
        for x in range(size * zoom):
            a, b = (x + 0.5) / zoom, (y + 0.5) / zoom
            within = [4 - d < a < 12 + d and 2 - d < b < 10 + d for d in (1, -1)]
            assert found[:, y, x].tolist() == (RED if within == [True, False] else GREY), (x, y)


@pytest.mark.parametrize(("border", "seen"), [(1e-3, 1), (1.0, 4), (100.0, 8)])
def test_a_border_is_seen_and_hides_little(border, seen):
    """Of images whose pixels are enlarged to 4."""
    frames = torch.tensor([[4.0, 4.0, 12.0, 12.0, border]]) + torch.tensor([0.1] * 4 + [0])
    column = framed(torch.ones(1, 1, 16, 16), frames)[0, 1, 32]  # green along a row through the middle
    assert (column[:32] == -1).sum() == seen


def test_colours_are_kept_inside_and_a_frame_out_of_sight_shows_nothing():
    images = torch.rand(2, 3, 64, 64)
    frames = torch.tensor([[math.inf, math.inf, math.inf, math.inf, 1.0], [100.0, 100.0, 120.0, 120.0, 1.0]])
    assert torch.equal(framed(images, frames), images)


def test_the_frames_of_each_step_are_drawn_on_its_images():
    frames = torch.full((8, 1, 5), 100.0)
    frames[3, 0] = torch.tensor([10.0, 10.0, 30.0, 30.0, 1.0])
    found = Canvases(samples=1, columns=8)(Painter(frames), DATA, "test")
    red = [(np.array(sheet) == [255, 0, 0]).all(-1).sum() for sheet in found.animations["canvases"]]
    assert [step for step, pixels in enumerate(red) if pixels] == [3]
    strip = (np.array(found.pictures["canvases"]) == [255, 0, 0]).all(-1)
    assert strip.any(0).nonzero()[0].min() // 66 == strip.any(0).nonzero()[0].max() // 66 == 3


@pytest.mark.parametrize("setting", ["samples", "columns"])
def test_numbers_that_are_not_positive_are_named(setting):
    with pytest.raises(GenzooError, match=rf"metrics\.canvases\.{setting}=0: a positive integer is needed"):
        Canvases(**{setting: 0})


def test_training_and_evaluation_leave_the_animation(configured, only_run):
    train(configured("model=draw", "data.levels=2", "metrics=canvases", "logger=none"))
    run = only_run()
    assert (run / "samples" / "canvases-000004.png").is_file()
    evaluate(composed(f"ckpt={run}", "metrics=canvases", name="evaluate"))
    (evaluation,) = (run / "evaluation").glob("test/*")
    assert (evaluation / "canvases.png").is_file()
    for path in (run / "samples" / "canvases.gif", evaluation / "canvases.gif"):
        with Image.open(path) as film:
            assert [frame.info["duration"] for frame in ImageSequence.Iterator(film)] == [200, 200, 2000]
