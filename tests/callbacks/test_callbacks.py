"""Callbacks at work in real runs."""

import os
import signal
import threading

import pytest
import pytorch_lightning as pl
import torch
from PIL import Image

from genzoo.callbacks.checkpoint import Checkpoints
from genzoo.callbacks.every import EveryRounds
from genzoo.callbacks.interruption import Interruption
from genzoo.callbacks.progress import ProgressBar
from genzoo.runs.train import train

QUIET = ("metrics=none", "callbacks.pictures=null", "callbacks.validation=null")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_between_rounds_with_everything_written(configured, only_run, monkeypatch, number):
    from genzoo.callbacks.losses import Losses

    act = Losses.act

    def interrupt(self, trainer, module):
        act(self, trainer, module)
        if module.progress.rounds == 3:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(Losses, "act", interrupt)
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        train(configured("trainer.rounds=1000", "callbacks.losses.times=1000"))
    run = only_run()
    assert torch.load(run / "last.ckpt", weights_only=True)["progress"]["rounds"] == 3
    assert '"state": "unfinished"' in (run / "metrics.json").read_text()
    assert (run / "samples" / "grid-000003.png").is_file()
    assert (run / "samples" / "grid.gif").is_file()
    assert signal.getsignal(number) == before


def test_a_second_ctrl_c_ends_the_process_with_status_130(configured, only_run, monkeypatch):
    def interrupt(self, trainer, module):
        if module.progress.rounds == 3:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(ProgressBar, "on_train_batch_end", lambda self, *args: interrupt(self, *args[:2]))
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit) as ended:
        train(
            configured(
                *QUIET, "trainer.rounds=1000", "callbacks.checkpoints.every=2", "callbacks.checkpoints.times=null"
            )
        )
    assert ended.value.code == 130
    log = (only_run() / "run.log").read_text()
    assert log.count("aborted; resume continues from the last checkpoint") == 1
    assert torch.load(only_run() / "last.ckpt", weights_only=True)["progress"]["rounds"] == 2
    assert not (only_run() / "metrics.json").exists()
    assert signal.getsignal(signal.SIGINT) == before


class Ranks:
    """A trainer of two ranks, the other of which got a signal in round 13."""

    world_size, should_stop = 2, False

    def __init__(self):
        self.strategy, self.round = self, 0

    def reduce_boolean_decision(self, decision, all):
        assert not all
        return decision or self.round >= 13


def test_a_signal_to_one_rank_ends_training_on_all_after_the_same_round():
    trainer, interruption = Ranks(), Interruption()
    module = type("Module", (), {"progress": type("Progress", (), {"rounds": 0})()})()
    while not trainer.should_stop:
        trainer.round += 1
        module.progress.rounds += 1
        interruption.on_train_batch_end(trainer, module, None, None, 0)
    assert trainer.round == 20
    assert interruption.reason  # so that the task ends as interrupted, on this rank too


def test_every_rounds_acts_on_milestones_and_on_the_last_round_once(configured):
    seen = []

    class Note(EveryRounds):
        def act(self, trainer, module):
            seen.append(module.progress.rounds)

    module = type("Module", (), {"progress": type("Progress", (), {"rounds": 0})()})()
    trainer = type("Trainer", (), {"datamodule": type("Data", (), {"rounds": 10})()})()
    note = Note(every=4)
    note.on_train_start(trainer, module)
    for _ in range(10):
        module.progress.rounds += 1
        note.on_train_batch_end(trainer, module, None, None, 0)
    note.on_train_end(trainer, module)
    assert seen == [4, 8, 10]


def test_checkpoints_are_kept_every_so_many_rounds(configured, only_run):
    train(configured(*QUIET, "trainer.rounds=5", "callbacks.checkpoints.keep_every=2"))
    kept = sorted((only_run() / "checkpoints").iterdir())
    assert [path.name for path in kept] == ["round-000002.ckpt", "round-000004.ckpt"]
    assert torch.load(kept[0], weights_only=True)["progress"]["rounds"] == 2


def test_checkpoints_run_after_all_other_callbacks():
    callbacks = pl.Trainer(
        callbacks=[Checkpoints(), ProgressBar()], logger=False, enable_progress_bar=False, barebones=False
    ).callbacks
    assert isinstance(callbacks[-1], Checkpoints)


def test_a_killed_and_resumed_run_gives_one_film(configured, only_run):
    train(
        configured(
            "metrics.code_error=null", "callbacks.pictures.times=null", "callbacks.pictures.every=1", "trainer.rounds=3"
        )
    )
    run = only_run()
    os.remove(run / "samples" / "grid.gif")
    torch.save(
        torch.load(run / "last.ckpt", weights_only=True) | {"progress": {"rounds": 2, "seen": 32}}, run / "last.ckpt"
    )
    train(
        configured(
            "metrics.code_error=null", "callbacks.pictures.times=null", "callbacks.pictures.every=1", f"resume={run}"
        )
    )
    with Image.open(run / "samples" / "grid.gif") as film:
        assert film.n_frames == 3


def test_the_progress_lines_tell_rounds_speed_losses_and_time_left(configured, capsys):
    train(configured(*QUIET, "callbacks.progress.line_seconds=0"))
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("round ")]
    assert lines[0].startswith("round 1/4  ")
    for word in ("images/s", "generator_loss ", "discriminator_loss ", " left"):
        assert word in lines[0]


def test_no_thread_is_left_behind(configured):
    before = threading.active_count()
    train(configured(*QUIET, "trainer.rounds=1"))
    assert threading.active_count() <= before
