"""Models that act go on exactly where they were."""

import pytest

from genzoo.runs.train import train
from support import composed, same, state, train_until_cut
from support.acting import SMALL


@pytest.mark.parametrize(
    "setting",
    [
        ("model=trpo", "data=pendulum"),
        ("model=reinforce", "data=pendulum"),
        ("model=vime", "data=pendulum"),
        ("model=gail",),
        ("model=fem",),
        ("model=behavioural_cloning",),
    ],
)
def test_a_run_that_died_ends_with_the_weights_of_one_that_did_not(setting, tmp_path, monkeypatch):
    common = [*setting, *SMALL, "logger=none", "metrics=none", "trainer.rounds=5"]
    train(composed(*common, f"paths.runs={tmp_path}/whole"))
    saved = ["callbacks.checkpoints.times=null", "callbacks.checkpoints.every=3"]
    train_until_cut(composed(*common, *saved, f"paths.runs={tmp_path}/broken"), 4, monkeypatch)
    (broken,), (whole,) = ((tmp_path / name).glob("*/*") for name in ("broken", "whole"))
    assert state(broken)["progress"]["rounds"] == 3
    train(composed(f"paths.runs={tmp_path}/broken", f"resume={broken}"))
    for key in ("state_dict", "optimizer_states", "progress"):
        assert same(state(broken)[key], state(whole)[key]), key
