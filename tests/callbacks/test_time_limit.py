"""The time limit, with a clock of the test's own."""

import json

import pytest
import torch

from genzoo.callbacks.losses import Losses
from genzoo.callbacks.time_limit import TimeLimit, seconds_of
from genzoo.core.errors import GenzooError
from genzoo.runs.train import train

QUIET = ("model=gan", "metrics=[samples]", "callbacks.validation=null", "trainer.rounds=8")


@pytest.fixture
def hourly(monkeypatch):
    """A clock that goes an hour further with each round, whatever the round takes."""
    now = [0.0]
    act = Losses.act

    def later(self, trainer, module):
        now[0] += 3600
        act(self, trainer, module)

    monkeypatch.setattr(Losses, "act", later)
    monkeypatch.setattr(TimeLimit.__init__, "__defaults__", (lambda: now[0],))
    return now


def rounds_of(run):
    return torch.load(run / "last.ckpt", weights_only=True)["progress"]["rounds"]


def test_the_run_ends_as_after_ctrl_c_and_resume_continues_with_a_limit_of_its_own(configured, only_run, hourly):
    with pytest.raises(KeyboardInterrupt, match=r"^time limit 02:00:00 reached$"):
        train(configured(*QUIET, "trainer.limit_time=02:00:00"))
    run = only_run()
    report = json.loads((run / "metrics.json").read_text())
    assert (report["state"], report["rounds"], report["of_rounds"]) == ("unfinished", 2, 8)
    assert report["ended_by"] == "time limit 02:00:00 reached"
    assert (run / "samples" / "grid-000002.png").is_file()
    assert "time limit 02:00:00 reached; resume continues with round 3" in (run / "run.log").read_text()
    assert rounds_of(run) == 2
    with pytest.raises(KeyboardInterrupt):
        train(configured(f"resume={run}"))
    assert rounds_of(run) == 4
    report = json.loads((run / "metrics.json").read_text())
    assert report["rounds"] == 4


def test_a_resumed_run_ends_with_the_weights_of_an_unbroken_one(configured, only_run, tmp_path, hourly):
    train(configured(*QUIET, f"paths.runs={tmp_path}/unbroken"))
    with pytest.raises(KeyboardInterrupt):
        train(configured(*QUIET, "trainer.limit_time=05:00:00"))
    train(configured(f"resume={only_run()}"))  # three rounds are left
    (unbroken,) = (tmp_path / "unbroken").glob("*/*")
    one, other = (torch.load(run / "last.ckpt", weights_only=True) for run in (unbroken, only_run()))
    assert all(torch.equal(value, other["state_dict"][name]) for name, value in one["state_dict"].items())
    assert json.loads((only_run() / "metrics.json").read_text())["state"] == "finished"


def test_a_run_whose_time_is_over_with_its_last_round_has_finished(configured, only_run, hourly):
    train(configured(*QUIET, "trainer.limit_time=08:00:00"))
    assert json.loads((only_run() / "metrics.json").read_text())["state"] == "finished"


class Ranks:
    """A trainer of two ranks, the other of which is out of time from round 13 on."""

    world_size, should_stop = 2, False
    datamodule = type("Data", (), {"rounds": 100})()

    def __init__(self):
        self.strategy, self.round = self, 0

    def reduce_boolean_decision(self, decision, all):
        assert not all
        return decision or self.round >= 13


def test_a_rank_out_of_time_ends_training_on_all_after_the_same_round():
    trainer, limit = Ranks(), TimeLimit("01:00:00", clock=lambda: 0.0)
    module = type("Module", (), {"progress": type("Progress", (), {"rounds": 0})()})()
    while not trainer.should_stop:
        trainer.round += 1
        module.progress.rounds += 1
        limit.on_train_batch_end(trainer, module, None, None, 0)
    assert trainer.round == 20
    assert limit.reason == "time limit 01:00:00 reached"  # so that the task ends as interrupted, on this rank too


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [("00:00:05", 5), ("01:02:03", 3723), ("36:00:00", 129600), ("02:01:00:00", 176400), ("1:0:0", 3600)],
)
def test_hours_and_days_are_read(limit, seconds):
    assert seconds_of(limit) == seconds


@pytest.mark.parametrize("limit", ["2h", "02:00", "00:00:00", "01:60:00", "-1:00:00", "1:2:3:4:5", 7200, 1.5, ""])
def test_another_format_is_one_line(limit):
    with pytest.raises(GenzooError, match=r"trainer\.limit_time=.*HH:MM:SS or DD:HH:MM:SS is needed"):
        seconds_of(limit)


def test_a_limit_does_not_change_the_recipes_hash(configured):
    from omegaconf import OmegaConf

    from genzoo.runs.config_hash import config_hash

    plain, limited = (
        OmegaConf.to_container(configured(*QUIET, *more), resolve=True)
        for more in ((), ("trainer.limit_time=02:00:00",))
    )
    assert plain["trainer"]["limit_time"] is None
    assert limited["trainer"]["limit_time"] == "02:00:00"
    assert config_hash(plain) == config_hash(limited)
