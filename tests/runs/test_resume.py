"""Going on with a run: bit for bit, whenever it was killed; its own configuration wins."""

import json
import os
import shutil
import signal
import time

import pytest
import torch

from genzoo.callbacks.losses import Losses
from genzoo.core.errors import GenzooError
from genzoo.data.shapes import Shapes
from genzoo.runs import csv_logger as csv_file
from genzoo.runs import logs as run_logs
from genzoo.runs import resume
from genzoo.runs.lock import locked
from genzoo.runs.train import train
from support import SHAPES, composed, forked, resolved, same, state, train_until_cut


@pytest.mark.parametrize("model", ["infogan", "gan"])
def test_a_run_cut_in_mid_epoch_ends_with_the_weights_of_an_unbroken_one(configured, tmp_path, monkeypatch, model):
    # 64 images in batches of 16: an epoch is 4 rounds, the cut at round 6 lies within the second.
    common = (f"model={model}", "recipe.batch_size=16", "trainer.rounds=10", "metrics=none", "callbacks.pictures=null")
    train(configured(*common, f"paths.runs={tmp_path}/unbroken"))

    runs = f"paths.runs={tmp_path}/broken"
    saving = ("callbacks.checkpoints.times=null", "callbacks.checkpoints.every=6")
    train_until_cut(configured(*common, *saving, runs), 7, monkeypatch)
    (broken,) = (tmp_path / "broken").glob("*/*")
    assert state(broken)["progress"] == {"rounds": 6, "seen": 96}
    train(configured(runs, f"resume={broken}"))
    assert json.loads((broken / "metrics.json").read_text())["timed_from_round"] == 6
    (unbroken,) = (tmp_path / "unbroken").glob("*/*")
    a, b = state(unbroken), state(broken)
    for key in ("state_dict", "optimizer_states", "progress"):
        assert same(a[key], b[key]), key


def test_a_run_killed_by_sigkill_goes_on_to_the_very_weights(tmp_path):
    given = (*SHAPES, "trainer=smoke", "recipe.batch_size=16", "trainer.rounds=100", "logger=none", "metrics=none")
    given += ("callbacks.pictures=null", "callbacks.validation=null")
    saving = ("callbacks.checkpoints.times=null", "callbacks.checkpoints.every=10", f"paths.runs={tmp_path}/killed")
    entry = forked.Entry("train.py", *given, *saving)
    deadline = time.monotonic() + 120
    while not list((tmp_path / "killed").glob("*/*/last.ckpt")):
        assert entry.process.is_alive(), "the run ended before it could be killed"
        assert time.monotonic() < deadline, "no checkpoint within two minutes"
        time.sleep(0.01)
    entry.process.kill()
    assert entry.finish().returncode == -signal.SIGKILL
    (killed,) = (tmp_path / "killed").glob("*/*")
    assert 0 < state(killed)["progress"]["rounds"] < 100
    assert not (killed / "metrics.json").exists()

    train(composed(f"paths.runs={tmp_path}/killed", "resume=last"))
    train(composed(*given, f"paths.runs={tmp_path}/unbroken"))
    (unbroken,) = (tmp_path / "unbroken").glob("*/*")
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
    train(configured("seed=5", "trainer.rounds=2", "metrics=none"))
    run = only_run()
    (run / "metrics.json").unlink()
    train(configured("metrics=none", f"resume={run}"))  # composes to seed 0, 4 rounds
    report = json.loads((run / "metrics.json").read_text())
    assert (report["seed"], report["rounds"], report["of_rounds"]) == (5, 2, 2)


def test_the_runs_own_callbacks_and_metrics_win_unless_named_now(configured, only_run, monkeypatch):
    act = Losses.act

    def stop(self, trainer, module):
        act(self, trainer, module)
        trainer.should_stop = module.progress.rounds == 3

    with monkeypatch.context() as patch:
        patch.setattr(Losses, "act", stop)
        train(configured("callbacks.checkpoints.keep_every=2", "metrics=[code_error]"))
    run = only_run()
    assert set(train(configured(f"resume={run}", "metrics=none")).metrics) >= {"test/code_error_majority"}
    assert (run / "checkpoints" / "round-000004.ckpt").is_file()

    def adopted(*overrides):
        return resume.resumed_configuration(composed(f"resume={run}", *overrides), overrides, {})[0]

    assert list(adopted()["metrics"]) == ["code_error"]
    assert list(adopted("metrics=none")["metrics"]) == []
    assert adopted("metrics=none")["callbacks"]["checkpoints"]["keep_every"] == 2
    assert adopted("callbacks.checkpoints.keep_every=3")["callbacks"]["checkpoints"]["keep_every"] == 3


def test_what_a_run_shows_is_as_untrusted_as_its_model(configured, only_run):
    train(configured("trainer.rounds=1", "metrics=none"))
    checkpoint = state(only_run())
    checkpoint["genzoo"]["shown"]["callbacks"]["losses"]["_target_"] = "genzoo.runs.train.os.system"
    torch.save(checkpoint, only_run() / "last.ckpt")
    with pytest.raises(GenzooError, match=r"names 'genzoo\.runs\.train\.os\.system'.*refused"):
        train(configured(f"resume={only_run()}"))


@pytest.mark.parametrize("prefix", ["", "+", "++"])
def test_a_new_root_of_the_data_is_taken_however_it_is_given(configured, only_run, tmp_path, prefix):
    train(configured("trainer.rounds=1", "metrics=none"))
    checkpoint = state(only_run())
    checkpoint["genzoo"]["config"]["data"]["root"] = "there"
    torch.save(checkpoint, only_run() / "last.ckpt")
    cfg = composed("data=mnist", f"resume={only_run()}", f"data.root={tmp_path}")
    config, _, _ = resume.resumed_configuration(cfg, [f"{prefix}data.root={tmp_path}"], {})
    assert config["data"]["root"] == str(tmp_path)


def test_other_data_are_refused(configured, only_run, monkeypatch):
    train(configured("metrics=none"))
    run = only_run()
    (run / "metrics.json").unlink()
    monkeypatch.setattr(Shapes, "source", "elsewhere")
    before = (run / "last.ckpt").read_bytes()
    with pytest.raises(GenzooError, match=r"trained on data\.source=.*is elsewhere"):
        train(configured("metrics=none", f"resume={run}"))
    assert (run / "last.ckpt").read_bytes() == before


@pytest.mark.parametrize("given", ["last", "nowhere"])
def test_nothing_to_resume_is_one_line(configured, given):
    with pytest.raises(GenzooError, match=f"resume={given}: "):
        train(configured(f"resume={given}"))


# Which checkpoint


NINE = ("model=gan", "trainer.rounds=9", "callbacks.pictures=null", "metrics=none")


def trained(configured, only_run):
    """A finished run with checkpoints of rounds 3, 6 and 9; its best one is of round 6."""
    train(configured(*NINE, "callbacks.checkpoints.keep_every=3"))
    run = only_run()
    shutil.copy(run / "checkpoints" / "round-000006.ckpt", run / "best.ckpt")
    return run


@pytest.mark.parametrize("named", ["checkpoints/round-000003.ckpt", "best.ckpt"])
def test_the_named_checkpoint_is_resumed_and_later_ones_are_kept_aside(configured, only_run, named, monkeypatch):
    run = trained(configured, only_run)
    end, csv_before = state(run), (run / "csv" / "version_0" / "metrics.csv").read_bytes()
    started = []
    monkeypatch.setattr(Losses, "on_train_start", lambda self, trainer, module: started.append(module.progress.rounds))
    monkeypatch.setattr(Losses, "act", lambda *_: None)
    train(configured(f"resume={run}/{named}"))
    assert started == [3 if "3" in named else 6]
    for key in ("state_dict", "optimizer_states", "progress", "global_step"):
        assert same(state(run)[key], end[key]), key
    aside = run / "abandoned" / "1"
    assert same(torch.load(aside / "end.ckpt", weights_only=True)["state_dict"], end["state_dict"])
    later = {"end.ckpt", "previous.ckpt", "metrics.csv", "metrics.json", "round-000009.ckpt"}
    assert {path.name for path in aside.iterdir()} == (
        later | {"round-000006.ckpt", "best.ckpt"} if "3" in named else later
    )
    assert (aside / "metrics.csv").read_bytes() == csv_before
    assert (
        f"going back to round {started[0]}; files of later rounds are kept in {aside}" in (run / "run.log").read_text()
    )


def test_going_back_does_not_need_the_last_checkpoint(configured, only_run):
    run = trained(configured, only_run)
    end = state(run)
    (run / "last.ckpt").write_bytes(b"damaged")
    train(configured(f"resume={run}/checkpoints/round-000006.ckpt"))
    assert same(state(run)["state_dict"], end["state_dict"])
    assert (run / "abandoned" / "1" / "end.ckpt").read_bytes() == b"damaged"
    (run / "last.ckpt").unlink()
    train(configured(f"resume={run}/checkpoints/round-000003.ckpt"))
    assert same(state(run)["state_dict"], end["state_dict"])
    assert (run / "abandoned" / "2" / "round-000006.ckpt").is_file()


def test_a_finished_run_says_so_and_measures_nothing(configured, only_run, monkeypatch):
    values = train(configured(*NINE[:2], "metrics=[code_error]", "model=infogan", "trainer.rounds=2")).metrics
    before = (only_run() / "metrics.json").read_bytes()
    monkeypatch.setattr("genzoo.runs.train.apply_metrics", lambda *_: pytest.fail("measured again"))
    assert train(configured("resume=last")).metrics == values
    assert (only_run() / "metrics.json").read_bytes() == before
    assert (
        "has finished all of its 2 rounds, and has metrics.json; to evaluate it again"
        in (only_run() / "run.log").read_text()
    )


def test_a_finished_run_that_was_killed_while_it_measured_is_measured(configured, only_run):
    train(configured(*NINE))
    (only_run() / "metrics.json").unlink()
    train(configured("resume=last"))
    assert json.loads((only_run() / "metrics.json").read_text())["rounds"] == 9


def test_half_written_files_are_swept_but_not_those_of_an_evaluation(configured, only_run):
    train(configured(*NINE))
    run = only_run()
    (run / "metrics.json").unlink()
    (run / "evaluation").mkdir()
    left = [run / ".last.ckpt.1.partial", run / "samples" / ".grid.png.1.partial"]
    theirs = run / "evaluation" / ".metrics.json.1.partial"
    for path in (*left, theirs):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    train(configured(f"resume={run}"))
    assert not any(path.exists() for path in left)
    assert theirs.exists()


def test_a_run_that_another_process_trains_is_not_resumed(configured, only_run):
    train(configured(*NINE))
    run = only_run()
    (run / "metrics.json").unlink()
    before = (run / "last.ckpt").read_bytes()
    with locked(run), pytest.raises(GenzooError, match=f"{run} is in use by process {os.getpid()}"):
        train(configured(f"resume={run}"))
    assert (run / "last.ckpt").read_bytes() == before
    train(configured(f"resume={run}"))
    assert (run / "metrics.json").is_file()


# Its records


def logged(run):
    """Rows of the one CSV file, without what depends on the clock."""
    (path,) = run.glob("csv/*/metrics.csv")
    return [
        {name: value for name, value in row.items() if not name.endswith("per_second")}
        for row in csv_file.read_rows(path)
    ]


def test_a_resumed_run_logs_into_one_csv_file_what_an_unbroken_one_does(configured, tmp_path, monkeypatch):
    # Losses are logged after rounds 1, 2, 3, 6, 9, 12: at the checkpoint after round 4 one round is not yet logged.
    common = ("model=infogan", "trainer.rounds=12", "metrics=none", "callbacks.pictures=null", "data.n_train=48")
    common += ("callbacks.losses.times=4", "callbacks.validation.times=6")
    saving = ("callbacks.checkpoints.times=null", "callbacks.checkpoints.every=4")
    train(configured(*common, f"paths.runs={tmp_path}/unbroken"))
    train_until_cut(configured(*common, *saving, f"paths.runs={tmp_path}/broken"), 6, monkeypatch)
    (broken,), (unbroken,) = ((tmp_path / name).glob("*/*") for name in ("broken", "unbroken"))
    assert state(broken)["progress"]["rounds"] == 4
    assert logged(broken)[-1]["progress/rounds"] == "6.0"
    with open(broken / "csv" / "version_0" / "metrics.csv", "a") as file:
        file.write("1,2,3")  # torn by the kill
    train(configured(f"paths.runs={tmp_path}/broken", f"resume={broken}"))
    assert logged(broken) == logged(unbroken) != []
    assert state(broken)["global_step"] == state(unbroken)["global_step"] == 24


def test_the_pieces_that_an_older_run_left_are_joined(tmp_path):
    for version, rows in ((0, [(1, 0.1), (2, 0.2), (3, 9.0)]), (10, [(3, 0.3), (4, 0.4)]), (9, [(3, 8.0)])):
        path = tmp_path / "csv" / f"version_{version}" / "metrics.csv"
        csv_file.write_rows(path, [{"step": step, "loss": loss} for step, loss in rows])
    run_logs.drop_after(tmp_path, 3)
    assert [row["loss"] for row in csv_file.read_rows(tmp_path / csv_file.FILE)] == ["0.1", "0.2", "9.0", "8.0", "0.3"]
    assert run_logs.csv_files(tmp_path) == [tmp_path / csv_file.FILE]


def test_tensorboard_has_one_curve_after_a_resume(configured, tmp_path, monkeypatch):
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="tensorboard is an extra"
    )
    common = ("model=gan", "trainer.rounds=8", "metrics=none", "callbacks.pictures=null", "logger=tensorboard")
    saving = ("callbacks.checkpoints.times=null", "callbacks.checkpoints.every=4")
    train_until_cut(configured(*common, *saving, f"paths.runs={tmp_path}/broken"), 6, monkeypatch)
    train(configured(*common, f"paths.runs={tmp_path}/broken", "resume=last"))
    (run,) = (tmp_path / "broken").glob("*/*")
    (folder,) = (run / "tensorboard").iterdir()
    found = accumulator.EventAccumulator(str(folder)).Reload().Scalars("train/generator_loss")
    assert [event.step for event in found] == [16 * round for round in range(1, 9)]
