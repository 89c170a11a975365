"""A checkpoint from anyone: forged ones get one line, and what they store decides nothing about this machine."""

import copy
from contextlib import suppress

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.runs import resume
from genzoo.runs.evaluate import evaluate
from genzoo.runs.train import train
from genzoo.runs.untrusted import check_shown, check_trainer
from support import SHAPES, composed, train_until_cut
from support.malformed import malformed

STORED = {"devices": 1, "strategy": "auto", "options": {}, "rounds": 5}


@pytest.mark.parametrize(
    ("key", "value"),
    [("devices", 40), ("devices", -1), ("strategy", "ddp_spawn"), ("options", {"default_root_dir": "/"})],
)
def test_devices_and_processes_are_named_again_or_the_run_does_not_go_on(key, value):
    stored = STORED | {key: value}
    with pytest.raises(GenzooError, match=rf"trained with trainer\.{key}=.*give trainer\.{key}="):
        check_trainer(stored, STORED, {"resume", "trainer.rounds"})
    assert check_trainer(stored, STORED, {f"trainer.{key}"}) == STORED
    assert check_trainer(stored, stored, {"trainer"}) == stored
    assert check_trainer(stored, stored, {}) == stored


@pytest.mark.parametrize(
    "logger",
    [
        {"_target_": "genzoo.runs.csv_logger.CsvLogger"},
        {"_target_": "pytorch_lightning.loggers.TensorBoardLogger", "name": "tensorboard", "version": 0},
        {"_target_": "genzoo.runs.loggers.wandb_logger", "project": "genzoo", "name": "a/b", "offline": None},
        {"_target_": "genzoo.runs.mlflow_logger.mlflow_logger", "run_name": "a", "tracking_uri": None},
        {"_target_": "genzoo.runs.comet_logger.comet_logger", "project": "genzoo", "workspace": None},
        {"_target_": "genzoo.runs.aim_logger.aim_logger", "experiment": "genzoo", "repo": None},
        None,
    ],
)
def test_the_loggers_of_a_run_are_its_own(logger):
    assert check_shown({"logger": {"mine": logger}}) == {"logger": {"mine": logger}}


@pytest.mark.parametrize(
    ("logger", "message"),
    [
        (
            {"_target_": "pytorch_lightning.loggers.CSVLogger", "name": "../../outside"},
            r"logger\.mine\.name=.*plain file",
        ),
        (
            {"_target_": "pytorch_lightning.loggers.TensorBoardLogger", "name": "$HOME"},
            r"logger\.mine\.name=.*plain file",
        ),
        ({"_target_": "pytorch_lightning.loggers.TensorBoardLogger", "version": "/x"}, r"version=.*plain file"),
        (
            {"_target_": "pytorch_lightning.loggers.TensorBoardLogger", "sub_dir": "$HOME"},
            r"stores logger\.mine\.sub_dir",
        ),
        ({"_target_": "genzoo.runs.loggers.wandb_logger", "dir": "/x"}, r"stores logger\.mine\.dir, .*logger=csv"),
        ({"_target_": "genzoo.runs.loggers.wandb_logger", "entity": "x"}, r"stores logger\.mine\.entity"),
        (
            {"_target_": "pytorch_lightning.loggers.MLFlowLogger", "tracking_uri": "http://x"},
            r"_target_=.*MLFlowLogger",
        ),
        ({"_target_": "genzoo.runs.mlflow_logger.mlflow_logger", "tracking_uri": "http://x"}, r"mine\.tracking_uri"),
        ({"_target_": "genzoo.runs.comet_logger.comet_logger", "workspace": "x"}, r"logger\.mine\.workspace"),
        ({"_target_": "genzoo.runs.aim_logger.aim_logger", "repo": "/x"}, r"logger\.mine\.repo"),
        ({"_target_": ["x"]}, r"stores logger\.mine\._target_"),
        ("genzoo.runs.csv_logger.CsvLogger", r"stores logger\.mine\._target_=None"),
        (5, r"stores logger\.mine\._target_=None"),
    ],
)
def test_a_logger_that_reaches_further_is_named_again(logger, message):
    with pytest.raises(GenzooError, match=message):
        check_shown({"logger": {"mine": logger}})


def test_places_of_metrics_and_callbacks_are_this_machines():
    shown = {
        "metrics": {"fidelity": {"cache": "/x", "samples": 9}},
        "callbacks": {"search": {"storage": "/x", "metrics": [{"cache": "/y"}]}},
    }
    assert check_shown(shown) == {
        "metrics": {"fidelity": {"cache": None, "samples": 9}},
        "callbacks": {"search": {"storage": None, "metrics": [{"cache": None}]}},
    }


def test_nothing_is_downloaded_to_a_place_that_a_checkpoint_names():
    stored = {"data": {"root": "/x", "offline": False}, "paths": {"data": "data"}}
    current = {"paths": {"data": "here"}}
    assert resume.relocate(stored, current, None) == {"root": "/x", "offline": True}
    assert resume.relocate(stored, current, "/y") == {"root": "/y", "offline": False}
    stored["data"]["root"] = "data"
    assert resume.relocate(stored, current, None) == {"root": "here", "offline": False}


def test_a_file_of_data_that_lies_elsewhere_is_given_as_data_root():
    stored = {"data": {"file": "/x/a.npz"}, "paths": {"data": "data"}}
    assert resume.relocate(stored, {"paths": {"data": "here"}}, None) == {"file": "/x/a.npz"}
    assert resume.relocate(stored, {"paths": {"data": "here"}}, "b.npz") == {"file": "b.npz"}


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """The checkpoint of a run that was cut after two of four rounds."""
    runs = tmp_path_factory.mktemp("strangers")
    options = ("trainer=smoke", "recipe.batch_size=16", "metrics=none", "logger=csv", f"paths.runs={runs}")
    saving = ("callbacks.checkpoints.times=null", "callbacks.checkpoints.every=2")
    with pytest.MonkeyPatch.context() as patch:
        train_until_cut(composed(*SHAPES, *options, *saving), 3, patch)
    (path,) = runs.glob("*/*/last.ckpt")
    return torch.load(path, weights_only=True)


@pytest.fixture
def forge(tmp_path, healthy):
    """Writes a changed copy as a run, and gives the commands that read it."""

    def write(change):
        checkpoint = copy.deepcopy(healthy)
        checkpoint = change(checkpoint) or checkpoint
        run = tmp_path / "runs" / "model" / "run"
        run.mkdir(parents=True, exist_ok=True)
        torch.save(checkpoint, run / "last.ckpt")
        paths = f"paths.runs={tmp_path}/runs"
        return {
            train: composed(f"resume={run}", paths),
            evaluate: composed(f"ckpt={run}", "metrics=smoke", paths, name="evaluate"),
        }

    return write


def moments(make):
    def change(checkpoint):
        for optimizer in checkpoint["optimizer_states"]:
            for state in optimizer["state"].values():
                state |= {name: make(value) for name, value in state.items() if value.dim() > 0}

    return change


def weights(value):
    def change(checkpoint):
        for tensor in checkpoint["state_dict"].values():
            if tensor.is_floating_point():
                tensor.fill_(value)

    return change


def rate(checkpoint):
    checkpoint["optimizer_states"][0]["param_groups"][0]["lr"] = "x"


def rounds(value):
    return lambda checkpoint: checkpoint["progress"].update(rounds=value)


def outside(checkpoint):
    checkpoint["genzoo"]["config"]["recipe"]["name"] = "../../outside"


def itself(checkpoint):
    checkpoint["genzoo"]["config"]["recipe"]["self"] = checkpoint["genzoo"]["config"]


def lacking(*path, last):
    def change(checkpoint):
        for key in path:
            checkpoint = checkpoint[key]
        del checkpoint[last]

    return change


FORGED = {
    "moments of one element": (
        moments(lambda value: value.flatten()[:1].clone()),
        r"state\.0\.exp_avg has shape \(1,\)",
    ),
    "moments of another shape": (moments(lambda value: torch.zeros(3)), r"state\.0\.exp_avg has shape \(3,\)"),
    "moments that are not finite": (
        moments(lambda value: value * torch.nan),
        "exp_avg contains values that are not finite",
    ),
    "a rate that is a text": (rate, r"optimizer_states\.discriminator\.lr is 'x'"),
    "weights of nan": (weights(torch.nan), r"state_dict\.\S+ contains values that are not finite"),
    "weights of inf": (weights(torch.inf), r"state_dict\.\S+ contains values that are not finite"),
    "too many rounds": (rounds(10**9), r"progress\.rounds is 1000000000"),
    "rounds as a text": (rounds("x"), r"progress\.rounds is 'x'"),
    "a name outside": (outside, r"recipe\.name='\.\./\.\./outside': a plain file name is needed"),
    "refers to itself": (itself, "nested too deeply"),
    "no progress": (lacking(last="progress"), r"progress\.rounds is missing"),
    "no seed": (lacking("genzoo", "config", last="seed"), r"config\.seed is missing"),
    "no length": (lacking("genzoo", "config", "trainer", last="rounds"), r"trainer\.rounds is missing"),
    "no weights": (lacking(last="state_dict"), "state_dict is missing"),
    "no optimizers": (lacking(last="optimizer_states"), "optimizer_states is missing"),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_checkpoint_gets_one_line_and_changes_nothing(forge, tmp_path, name):
    change, message = FORGED[name]
    for task, config in forge(change).items():
        with pytest.raises(GenzooError, match=rf"last\.ckpt: .*{message}") as caught:
            task(config)
        assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.glob("**/*") if path.is_file()] == ["last.ckpt"]


def processes(checkpoint):
    checkpoint["genzoo"]["config"]["trainer"]["devices"] = 40


def folder(checkpoint):
    logger = {"_target_": "pytorch_lightning.loggers.CSVLogger", "name": "../../outside"}
    checkpoint["genzoo"]["shown"]["logger"]["csv"] = logger


@pytest.mark.parametrize(
    ("change", "message"), [(processes, r"trainer\.devices=40"), (folder, r"logger\.csv\.name='\.\./\.\./outside'")]
)
def test_what_concerns_training_only_stops_training_only(forge, tmp_path, change, message):
    commands = forge(change)
    with pytest.raises(GenzooError, match=rf"resume: .*{message}"):
        train(commands[train])
    assert [path.name for path in tmp_path.glob("**/*") if path.is_file()] == ["last.ckpt"]
    assert evaluate(commands[evaluate])


@pytest.mark.parametrize("seed", range(12))
def test_a_malformed_checkpoint_is_one_line_or_works(forge, tmp_path, healthy, seed):
    for task, config in forge(lambda checkpoint: malformed(healthy, seed)[0]).items():
        with suppress(GenzooError):
            task(config)
    assert all(path.is_relative_to(tmp_path / "runs") for path in tmp_path.glob("**/*") if path.is_file())
