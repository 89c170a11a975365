"""The Aim logger against a module of Aim's interface that records what it gets; Aim itself is an extra."""

import sys
from types import ModuleType, SimpleNamespace

import pytest
from pytorch_lightning.loggers.logger import Logger

from genzoo.runs.train import train
from support import train_until_cut

COMMON = ("logger=aim", "model=gan", "trainer.rounds=8", "metrics=[samples]", "callbacks.validation=null")
SAVING = ("callbacks.checkpoints.times=null", "callbacks.checkpoints.every=4")


class AimLogger(Logger):
    """Aim's logger for Lightning: a run is created, or continued by its hash."""

    runs: dict  # hash -> its content, step by step

    def __init__(self, run_hash=None, **options):
        super().__init__()
        self.options, self.hash = options, run_hash or f"hash{len(self.runs)}"
        self.run = self.runs.setdefault(self.hash, {"options": options, "starts": 0, "hparams": {}, "tracked": {}})
        self.run["starts"] += 1

    name = "genzoo"
    version = property(lambda self: self.hash)
    experiment = property(lambda self: self)

    def track(self, value, name, step):
        self.run["tracked"].setdefault(name, {})[step] = value

    def log_hyperparams(self, params):
        self.run["hparams"] |= params

    def log_metrics(self, metrics, step=None):
        for name, value in metrics.items():
            self.track(value, name, step)


@pytest.fixture
def runs(monkeypatch):
    package, adapter = ModuleType("aim"), ModuleType("aim.pytorch_lightning")
    package.__spec__ = SimpleNamespace(name="aim")
    package.Image = lambda path: path.rpartition("/")[2]
    adapter.AimLogger = AimLogger
    monkeypatch.setattr(AimLogger, "runs", {}, raising=False)
    monkeypatch.setitem(sys.modules, "aim", package)
    monkeypatch.setitem(sys.modules, "aim.pytorch_lightning", adapter)
    return AimLogger.runs


def test_a_run_holds_metrics_by_images_seen_pictures_and_the_configuration(configured, tmp_path, runs):
    train(configured("logger=aim", "seed=7", "metrics=smoke"))
    (run,) = runs.values()
    assert run["options"]["repo"] == str(tmp_path / "runs")
    assert run["options"]["run_name"] == "infogan-seed7"
    assert list(run["tracked"]["train/generator_loss"]) == [16, 32, 48, 64]
    assert list(run["tracked"]["test/code_error_one_to_one"]) == [64]
    assert run["tracked"]["samples/grid"][64] == "grid-000004.png"
    assert run["tracked"]["films/grid"] == {64: "grid.gif"}
    assert run["hparams"]["seed"] == 7
    assert run["hparams"]["genzoo"].startswith("0.")


def test_a_resumed_run_continues_the_aim_run(configured, only_run, runs, monkeypatch):
    train_until_cut(configured(*COMMON, *SAVING), 6, monkeypatch)
    train(configured(*COMMON, f"resume={only_run()}"))
    (run,) = runs.values()
    assert run["starts"] == 2
    assert list(run["tracked"]["train/generator_loss"]) == [16 * round for round in range(1, 9)]
