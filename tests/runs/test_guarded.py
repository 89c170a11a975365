"""Loggers that fail: one warning, and the run goes on."""

import csv
import os
import subprocess

import pytest
import wandb
from pytorch_lightning.loggers.logger import Logger

from genzoo.callbacks.losses import Losses
from genzoo.core.registry import register
from genzoo.runs.train import train

LOSSES = [1, 2, 3, 4, 5, 6]


@register
class Failing(Logger):
    """A logger that raises from the given call of the given method on."""

    name, version = "failing", 0

    def __init__(self, save_dir, method, call):
        super().__init__()
        self.method, self.left, self.calls = method, call, []

    def _called(self, method):
        self.calls.append(method)
        if method == self.method:
            self.left -= 1
            if self.left <= 0:
                raise ConnectionResetError("the service is gone\nmore of it")

    def log_metrics(self, metrics, step=None):
        self._called("log_metrics")

    def log_hyperparams(self, params, *args, **options):
        self._called("log_hyperparams")

    def log_image(self, key, images, step=None):
        self._called("log_image")

    def log_video(self, key, videos, step=None):
        self._called("log_video")

    def save(self):
        self._called("save")

    def finalize(self, status):
        self._called("finalize")


def rounds_logged(run):
    with open(run / "csv" / "version_0" / "metrics.csv") as file:
        return [int(float(row["progress/rounds"])) for row in csv.DictReader(file) if row["train/generator_loss"]]


def warnings(run):
    return [line.partition(" WARNING ")[2] for line in (run / "run.log").read_text().splitlines() if "WARNING" in line]


METHODS = ["log_metrics", "log_hyperparams", "log_image", "log_video", "finalize"]


@pytest.mark.parametrize("method", METHODS)
def test_a_logger_that_raises_is_one_warning_and_the_others_get_everything(configured, only_run, method):
    failing = f"+logger.failing={{_target_: {__name__}.Failing, method: {method}, call: 1}}"
    train(configured("trainer.rounds=6", "metrics=[samples]", failing))
    assert warnings(only_run()) == [
        "logger.failing failed (ConnectionResetError: the service is gone) and is disabled; training and the other "
        "loggers continue"
    ]
    assert rounds_logged(only_run()) == LOSSES
    assert (only_run() / "metrics.json").is_file()


def test_a_killed_process_of_wandb_does_not_end_training(configured, only_run, monkeypatch):
    act = Losses.act

    def kill(self, trainer, module):
        act(self, trainer, module)
        if module.progress.rounds == 2:
            children = subprocess.run(["pgrep", "-P", str(os.getpid()), "wandb"], capture_output=True, text=True)
            assert children.stdout.split(), "W&B has no process of its own"
            for pid in children.stdout.split():
                os.kill(int(pid), 9)

    monkeypatch.setattr(Losses, "act", kill)
    train(configured("trainer.rounds=6", "metrics=none", "logger=default"))
    (warning,) = warnings(only_run())
    assert warning.startswith("logger.wandb failed (")
    assert rounds_logged(only_run()) == LOSSES
    assert wandb.run is None
