"""A finished run goes on when it is given more rounds."""

import json

import pytest

import genzoo
from genzoo.core.errors import GenzooError
from support import same, state
from support.small import RUN

LINEAR = {"_target_": "genzoo.core.schedules.Linear", "start": 0.1, "end": 0.05}


def trained(runs, rounds, **settings):
    return genzoo.train("lsgan", **RUN, **{"trainer.rounds": rounds, "paths.runs": runs}, **settings).folder


def test_it_ends_with_the_weights_of_a_run_of_that_length(tmp_path):
    whole, run = trained(tmp_path / "whole", 6), trained(tmp_path / "run", 3)
    assert json.loads((run / "metrics.json").read_text())["of_rounds"] == 3
    genzoo.train(resume=run, **{"trainer.rounds": 6})
    for key in ("state_dict", "optimizer_states", "progress"):
        assert same(state(run)[key], state(whole)[key]), key
    found = json.loads((run / "metrics.json").read_text())
    assert (found["state"], found["rounds"], found["of_rounds"]) == ("finished", 6, 6)
    assert json.loads((run / "metrics-round-000003.json").read_text())["of_rounds"] == 3  # the former end
    genzoo.train(resume=run)  # has finished: the new length is its own now
    assert state(run)["progress"]["rounds"] == 6


@pytest.mark.parametrize("rounds", [2, 1])
def test_fewer_rounds_are_refused(tmp_path, rounds):
    run = trained(tmp_path, 3)
    with pytest.raises(GenzooError, match=rf"resume: trainer.rounds={rounds} would change .* trainer.rounds=3"):
        genzoo.train(resume=run, **{"trainer.rounds": rounds})


def schedules(rounds):
    """The setting of a linear schedule over a number of rounds."""
    return {"+model.schedules": {"generator": {"lr": LINEAR | {"rounds": rounds}}}}


def test_a_schedule_of_the_former_length_is_chosen_anew_or_refused(tmp_path):
    run = trained(tmp_path, 3, **schedules(3))
    message = r"trainer.rounds=6: model.schedules.generator.lr was made for 3 rounds and would stay at 0.05"
    with pytest.raises(GenzooError, match=message):
        genzoo.train(resume=run, **{"trainer.rounds": 6})
    assert state(run)["progress"]["rounds"] == 3
    genzoo.train(resume=run, **{"trainer.rounds": 6}, **schedules(6))
    assert state(run)["genzoo"]["config"]["model"]["schedules"]["generator"]["lr"]["rounds"] == 6
    assert state(run)["optimizer_states"][1]["param_groups"][0]["lr"] == pytest.approx(0.1 - 0.05 * 5 / 6)


def test_a_schedule_that_ends_before_is_named_in_the_log(tmp_path, capsys):
    run = trained(tmp_path, 3, **schedules(2))
    genzoo.train(resume=run, **{"trainer.rounds": 6})
    assert "model.schedules.generator.lr stays at 0.05 after round 2\n" in capsys.readouterr().out


def test_schedules_are_not_changed_without_more_rounds(tmp_path):
    run = trained(tmp_path, 3, **schedules(2))
    with pytest.raises(GenzooError, match=r"resume: \+model.schedules.* would change the experiment"):
        genzoo.train(resume=run, **schedules(3))
