"""The Comet logger against a module of Comet's interface that records what it gets: Comet itself needs an account."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from genzoo.runs.train import train
from support import train_until_cut

COMMON = ("logger=comet", "model=gan", "trainer.rounds=8", "metrics=[samples]", "callbacks.validation=null")
SAVING = ("callbacks.checkpoints.times=null", "callbacks.checkpoints.every=4")


class Experiment:
    """Comet's experiment, as far as Lightning and genzoo use it."""

    project_name = "genzoo"

    def __init__(self, key):
        self.key, self.metrics, self.parameters, self.media, self.ended = key, [], {}, [], False

    def get_key(self):
        return self.key

    def log_other(self, *_):
        pass

    def flush(self):
        pass

    def __internal_api__set_model_graph__(self, **_):
        pass

    def __internal_api__log_parameters__(self, parameters, **_):
        self.parameters |= parameters

    def __internal_api__log_metrics__(self, metrics, step, **_):
        self.metrics.append((step, metrics))

    def log_image(self, path, name, step):
        self.media.append((name, path.rpartition("/")[2], step))

    log_video = log_image


class Comet(ModuleType):
    """Comet's module, with an API key or without, whose server may be down."""

    def __init__(self):
        super().__init__("comet_ml")
        self.__spec__ = SimpleNamespace(name="comet_ml")
        self.key, self.down, self.started, self.experiments = None, False, [], []

    def get_config(self):
        return {}

    def get_api_key(self, key, config):
        return self.key

    def ExperimentConfig(self, **options):
        return SimpleNamespace(**({"disabled": False} | options))

    def start(self, **given):
        if self.down and given["online"]:
            raise ConnectionError("no server\nat all")
        assert not given["experiment_config"].disabled
        self.started.append(given)
        self.experiments.append(Experiment(given["experiment_key"]))
        return self.experiments[-1]

    def end(self):
        for experiment in self.experiments:
            experiment.ended = True


@pytest.fixture
def comet(monkeypatch):
    module = Comet()
    monkeypatch.setitem(sys.modules, "comet_ml", module)
    monkeypatch.setattr("pytorch_lightning.loggers.comet._COMET_AVAILABLE", True)
    return module


def test_without_a_key_everything_is_logged_offline_in_the_run_folder(configured, only_run, comet):
    train(configured("logger=comet", "seed=7", "metrics=smoke"))
    (given,), (experiment,) = comet.started, comet.experiments
    assert (given["online"], given["mode"], given["project"]) == (False, "create", "genzoo")
    assert given["experiment_config"].offline_directory == str(only_run() / "comet")
    assert given["experiment_config"].name == "infogan-seed7"
    losses = [step for step, values in experiment.metrics if "train/generator_loss" in values]
    assert losses == [16, 32, 48, 64]
    assert any("test/code_error_one_to_one" in values for _, values in experiment.metrics)
    assert experiment.parameters["seed"] == 7
    assert experiment.parameters["genzoo"].startswith("0.")
    assert ("samples/grid", "grid-000004.png", 64) in experiment.media
    assert ("films/grid", "grid.gif", 64) in experiment.media
    assert experiment.ended


def test_a_resumed_run_continues_the_experiment(configured, only_run, comet, monkeypatch):
    train_until_cut(configured(*COMMON, *SAVING), 6, monkeypatch)
    train(configured(*COMMON, f"resume={only_run()}"))
    first, second = comet.started
    assert first["experiment_key"] == second["experiment_key"]
    assert (first["mode"], second["mode"]) == ("create", "get")


def test_with_a_key_it_is_online(configured, comet):
    comet.key = "secret"
    train(configured(*COMMON))
    assert [(given["online"], given["mode"]) for given in comet.started] == [(True, "get_or_create")]


def test_a_server_that_does_not_answer_means_offline(configured, only_run, comet):
    comet.key, comet.down = "secret", True
    train(configured(*COMMON))
    assert [given["online"] for given in comet.started] == [False]
    log = (only_run() / "run.log").read_text()
    assert log.count("Comet cannot be reached (no server); logging offline, `comet upload` uploads later") == 1
