"""The learning curve as a picture."""

from types import SimpleNamespace

import numpy as np
from PIL import Image

from genzoo.callbacks.curve import Curve
from genzoo.callbacks.losses import Losses
from genzoo.runs.train import train
from support import composed


def trainer_with(latest, folder):
    losses = Losses()
    losses.latest = latest
    return SimpleNamespace(callbacks=[losses], is_global_zero=True, loggers=[], default_root_dir=folder)


def module(steps, rounds):
    return SimpleNamespace(progress=SimpleNamespace(seen=steps, rounds=rounds), unit="steps")


def test_points_are_what_was_logged_and_are_kept(tmp_path):
    curve = Curve("return")
    for rounds in (1, 2, 3):
        curve.act(trainer_with({"return": 10.0 * rounds, "other": 0.0}, tmp_path), module(100 * rounds, rounds))
    resumed = Curve("return")
    resumed.load_state_dict(curve.state_dict())
    assert resumed.points == [(100, 10.0), (200, 20.0), (300, 30.0)]
    resumed._acted = 3
    resumed.on_train_end(trainer_with({}, tmp_path), module(300, 3))
    picture = np.asarray(Image.open(tmp_path / "samples" / "return.png").convert("L"))
    assert picture.min() < 100 < picture.mean() < 255


def test_without_such_a_value_there_is_no_picture(tmp_path):
    curve = Curve("return")
    curve.on_train_end(trainer_with({"loss": 1.0}, tmp_path), module(1, 1))
    assert curve.points == []
    assert not list(tmp_path.iterdir())


def test_a_run_of_a_model_that_acts_leaves_one(tmp_path):
    chosen = ("model=trpo", "trainer=smoke", "logger=none", "metrics=none", "recipe.batch_size=40")
    train(composed(*chosen, f"paths.runs={tmp_path}"))
    (run,) = tmp_path.glob("*/*")
    assert (run / "samples" / "return.png").is_file()
