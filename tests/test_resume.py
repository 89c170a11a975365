"""Going on with a run: bit for bit, whenever it was killed; its own configuration wins."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from genzoo import resume, tasks
from genzoo.callbacks.losses import Losses
from genzoo.core.errors import GenzooError
from genzoo.data.shapes import Shapes
from support import ROOT, SHAPES, composed, resolved, same, state, train_until_cut

TRAIN = ROOT / "train.py"


@pytest.mark.parametrize("model", ["infogan", "gan"])
def test_a_run_cut_in_mid_epoch_ends_with_the_weights_of_an_unbroken_one(configured, tmp_path, monkeypatch, model):
    # 64 images in batches of 16: an epoch is 4 rounds, the cut at round 6 lies within the second.
    common = (f"model={model}", "recipe.batch_size=16", "trainer.rounds=10", "metrics=none", "callbacks.pictures=null")
    tasks.train(configured(*common, f"paths.runs={tmp_path}/unbroken"))

    runs = f"paths.runs={tmp_path}/broken"
    saving = ("callbacks.checkpoints.times=null", "callbacks.checkpoints.every=6")
    train_until_cut(configured(*common, *saving, runs), 7, monkeypatch)
    (broken,) = (tmp_path / "broken").glob("*/*")
    assert state(broken)["progress"] == {"rounds": 6, "images": 96}
    tasks.train(configured(runs, f"resume={broken}"))
    assert json.loads((broken / "metrics.json").read_text())["timed_from_round"] == 6
    (unbroken,) = (tmp_path / "unbroken").glob("*/*")
    a, b = state(unbroken), state(broken)
    for key in ("state_dict", "optimizer_states", "progress"):
        assert same(a[key], b[key]), key


def test_a_run_killed_by_sigkill_goes_on_to_the_very_weights(tmp_path):
    def command(name: str, *more: str) -> list[str]:
        return [
            *(sys.executable, str(TRAIN), *SHAPES, "trainer=smoke", "trainer.rounds=2000", "recipe.batch_size=16"),
            *("metrics=none", "callbacks.pictures=null", "callbacks.validation=null", "logger=none"),
            *(f"paths.runs={tmp_path}/{name}", *more),
        ]

    def finish(name: str, *more: str) -> Path:
        subprocess.run(command(name, *more), check=True, stdout=subprocess.DEVNULL)
        (run,) = (tmp_path / name).glob("*/*")
        return run

    process = subprocess.Popen(command("killed"), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list((tmp_path / "killed").glob("*/*/last.ckpt")):
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline, "no checkpoint within two minutes"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (run,) = (tmp_path / "killed").glob("*/*")
    assert 0 < state(run)["progress"]["rounds"] < 2000
    assert not (run / "metrics.json").exists()

    killed, unbroken = finish("killed", "resume=last"), finish("unbroken")
    assert same(state(killed)["state_dict"], state(unbroken)["state_dict"])
    assert json.loads((killed / "metrics.json").read_text())["state"] == "finished"


@pytest.fixture(scope="module")
def stored():
    return {"config": resolved(*SHAPES, "trainer=quick", "seed=3"), "choices": {"model": "infogan", "data": "shapes"}}


@pytest.mark.parametrize(
    "override",
    [
        "seed=4",
        "model=gan",
        "model.generator.channels=8",
        "data.n_train=65",
        "recipe.batch_size=32",
        "trainer.rounds=9",
    ],
)
def test_overrides_that_would_change_the_experiment_are_refused_by_name(stored, override):
    current = composed(*SHAPES, override)
    choices = {"model": override.partition("=")[2] if override.startswith("model=") else "infogan", "data": "shapes"}
    with pytest.raises(GenzooError, match=f"resume: {override} would change the experiment"):
        resume.check_overrides([override], current, choices, stored)


@pytest.mark.parametrize(
    "override", ["seed=3", "model=infogan", "data.n_train=64", "logger=csv", "trainer.accelerator=cpu"]
)
def test_overrides_that_repeat_the_run_or_only_show_it_otherwise_are_accepted(stored, override):
    choices = {"model": "infogan", "data": "shapes", "logger": "csv"}
    resume.check_overrides([override], composed(*SHAPES, override), choices, stored)


def test_the_runs_own_configuration_wins(configured, only_run):
    tasks.train(configured("seed=5", "trainer.rounds=2", "metrics=none"))
    run = only_run()
    tasks.train(configured("metrics=none", f"resume={run}"))  # composes to seed 0, 4 rounds
    report = json.loads((run / "metrics.json").read_text())
    assert (report["seed"], report["rounds"], report["of_rounds"]) == (5, 2, 2)


def test_the_runs_own_callbacks_and_metrics_win_unless_named_now(configured, only_run, monkeypatch):
    act = Losses.act

    def stop(self, trainer, module):
        act(self, trainer, module)
        trainer.should_stop = module.progress.rounds == 3

    with monkeypatch.context() as patch:
        patch.setattr(Losses, "act", stop)
        tasks.train(configured("callbacks.checkpoints.keep_every=2", "metrics=[code_error]"))
    run = only_run()
    assert set(tasks.train(configured(f"resume={run}", "metrics=none"))) >= {"test/code_error_majority"}
    assert (run / "checkpoints" / "round-000004.ckpt").is_file()

    def adopted(*overrides):
        return resume.adopt(composed(f"resume={run}", *overrides), overrides, {})[0]

    assert list(adopted()["metrics"]) == ["code_error"]
    assert list(adopted("metrics=none")["metrics"]) == []
    assert adopted("metrics=none")["callbacks"]["checkpoints"]["keep_every"] == 2
    assert adopted("callbacks.checkpoints.keep_every=3")["callbacks"]["checkpoints"]["keep_every"] == 3


def test_what_a_run_shows_is_as_untrusted_as_its_model(configured, only_run):
    tasks.train(configured("trainer.rounds=1", "metrics=none"))
    checkpoint = state(only_run())
    checkpoint["genzoo"]["shown"]["callbacks"]["losses"]["_target_"] = "genzoo.tasks.os.system"
    torch.save(checkpoint, only_run() / "last.ckpt")
    with pytest.raises(GenzooError, match=r"names 'genzoo\.tasks\.os\.system'.*refused"):
        tasks.train(configured(f"resume={only_run()}"))


@pytest.mark.parametrize("prefix", ["", "+", "++"])
def test_a_new_root_of_the_data_is_taken_however_it_is_given(configured, only_run, tmp_path, prefix):
    tasks.train(configured("trainer.rounds=1", "metrics=none"))
    checkpoint = state(only_run())
    checkpoint["genzoo"]["config"]["data"]["root"] = "there"
    torch.save(checkpoint, only_run() / "last.ckpt")
    cfg = composed("data=mnist", f"resume={only_run()}", f"data.root={tmp_path}")
    config, _, _ = resume.adopt(cfg, [f"{prefix}data.root={tmp_path}"], {})
    assert config["data"]["root"] == str(tmp_path)


def test_other_data_are_refused(configured, only_run, monkeypatch):
    tasks.train(configured("metrics=none"))
    run = only_run()
    monkeypatch.setattr(Shapes, "source", "elsewhere")
    before = (run / "last.ckpt").read_bytes()
    with pytest.raises(GenzooError, match=r"trained on data\.source=.*is elsewhere"):
        tasks.train(configured("metrics=none", f"resume={run}"))
    assert (run / "last.ckpt").read_bytes() == before


@pytest.mark.parametrize("given", ["last", "nowhere"])
def test_nothing_to_resume_is_one_line(configured, given):
    with pytest.raises(GenzooError, match=f"resume={given}: "):
        tasks.train(configured(f"resume={given}"))
