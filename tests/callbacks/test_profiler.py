"""The profile of a few rounds: which rounds it holds, and that it changes nothing."""

import json
import re

import pytest
import torch
from torch.profiler import ProfilerActivity

from genzoo.callbacks.losses import Losses
from genzoo.callbacks.profiler import Profiler, activities_on
from genzoo.core.errors import GenzooError
from genzoo.runs.train import train
from support import same, state, train_until_cut

QUIET = ("model=gan", "metrics=none", "callbacks.validation=null", "trainer.rounds=6")
SAVING = ("callbacks.checkpoints.times=null", "callbacks.checkpoints.every=1")


def profiled(*rounds):
    return ("callbacks=profiler", f"callbacks.profiler.rounds=[{rounds[0]},{rounds[1]}]")


def events_of(run):
    return [event.get("name", "") for event in json.loads((run / "profile.json").read_text())["traceEvents"]]


def rounds_in(run):
    return sorted({int(name.split()[1]) for name in events_of(run) if re.fullmatch(r"round \d+", name)})


def test_the_trace_holds_the_operators_of_the_given_rounds_and_the_log_a_table(configured, only_run):
    train(configured(*QUIET, *profiled(2, 4)))
    events = events_of(only_run())
    assert rounds_in(only_run()) == [2, 3, 4]
    assert "aten::addmm" in events
    lines = (only_run() / "run.log").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if "profile -> " in line)
    assert lines[start + 1].split() == ["cpu", "ms", "share", "calls", "operator"]
    rows = [line.split() for line in lines[start + 2 : start + 12]]
    times = [float(row[0]) for row in rows]
    assert times == sorted(times, reverse=True)
    assert any(row[3].startswith("aten::") for row in rows)


def test_it_is_on_in_these_rounds_only(configured, monkeypatch):
    on, act = [], Losses.act

    def note(self, trainer, module):
        act(self, trainer, module)
        on.append(torch.autograd._profiler_enabled())

    monkeypatch.setattr(Losses, "act", note)
    train(configured(*QUIET, *profiled(2, 4)))
    assert on == [False, True, True, True, False, False]
    assert not torch.autograd._profiler_enabled()


def test_it_changes_nothing(configured, only_run, tmp_path):
    train(configured(*QUIET, *profiled(2, 4)))
    train(configured(*QUIET, f"paths.runs={tmp_path}/plain"))
    (plain,) = (tmp_path / "plain").glob("*/*")
    assert same(state(only_run())["state_dict"], state(plain)["state_dict"])


def test_a_run_that_ends_earlier_leaves_the_rounds_so_far(configured, only_run, monkeypatch):
    act = Losses.act

    def stop(self, trainer, module):
        act(self, trainer, module)
        trainer.should_stop = module.progress.rounds == 3

    monkeypatch.setattr(Losses, "act", stop)
    train(configured(*QUIET, *profiled(2, 5)))
    assert rounds_in(only_run()) == [2, 3]


def test_a_run_that_fails_stops_the_profiler(configured, only_run, monkeypatch):
    train_until_cut(configured(*QUIET, *SAVING, *profiled(2, 5)), 3, monkeypatch)
    assert not torch.autograd._profiler_enabled()
    assert not (only_run() / "profile.json").exists()
    train(configured(*QUIET, f"resume={only_run()}"))
    assert rounds_in(only_run()) == [3, 4, 5]


def test_a_resumed_run_beyond_these_rounds_is_not_profiled(configured, only_run, monkeypatch):
    train_until_cut(configured(*QUIET, *SAVING), 5, monkeypatch)
    config = configured(*QUIET, *profiled(2, 3), f"resume={only_run()}")
    monkeypatch.setattr("genzoo.runs.train.given_now", lambda: ({}, ["callbacks=profiler"]))
    train(config)
    assert not (only_run() / "profile.json").exists()
    assert "the run is at round 4 already; nothing is profiled" in (only_run() / "run.log").read_text()


def test_rounds_beyond_the_run_are_refused_before_a_folder_is_made(configured, tmp_path):
    line = r"^callbacks\.profiler\.rounds=\[5,7\]: the run has trainer\.rounds=6; choose rounds from 1 to 6\.$"
    with pytest.raises(GenzooError, match=line):
        train(configured(*QUIET, *profiled(5, 7)))
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("rounds", [[3], [3, 2], [0, 2], [1, 2, 3], ["1", 2], [True, 2]])
def test_rounds_are_two_numbers_in_order(rounds):
    with pytest.raises(GenzooError, match=r"callbacks\.profiler\.rounds=.*write callbacks\.profiler\.rounds=\[10,12\]"):
        Profiler(rounds)


def test_a_gpus_kernels_are_recorded_too():
    assert activities_on(torch.device("cpu")) == [ProfilerActivity.CPU]
    assert activities_on(torch.device("cuda", 0)) == [ProfilerActivity.CPU, ProfilerActivity.CUDA]
