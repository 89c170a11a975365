"""Loggers, read back: offline, without an account, without a prompt."""

import json
import struct
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import wandb
from PIL import Image
from wandb.proto import wandb_internal_pb2

from genzoo.core.errors import GenzooError
from genzoo.runs import loggers
from genzoo.runs.train import train


def records(path: Path):
    """The records of an offline run: LevelDB frames of protobuf messages, in blocks of 32 KiB."""
    content, position, parts = path.read_bytes(), 7, b""
    assert content[:4] == b":W&B"
    while position + 7 <= len(content):
        if (left := 32768 - position % 32768) < 7:
            position += left
            continue
        _, size, kind = struct.unpack("<IHB", content[position : position + 7])
        if position + 7 + size > len(content):  # still being written
            return
        parts += content[position + 7 : position + 7 + size]
        position += 7 + size
        if kind in (1, 4):  # a whole record, or the last part of one
            record = wandb_internal_pb2.Record.FromString(parts)
            yield record.WhichOneof("record_type"), record
            parts = b""


def finished(path: Path) -> list:
    """The records of a run, once W&B's own process has written the last of them."""
    deadline = time.monotonic() + 60
    while True:
        found = list(records(path))
        if any(kind == "exit" for kind, _ in found) or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def rows(items) -> dict:
    return {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in items}


def test_an_offline_wandb_run_holds_metrics_pictures_and_config(configured, only_run):
    train(configured("logger=wandb", "seed=7"))
    (path,) = only_run().glob("wandb/offline-run-*/run-*.wandb")
    found = finished(path)
    history = [rows(record.history.item) for kind, record in found if kind == "history"]
    losses = {
        row["trainer/global_step"]: row["train/generator_loss"] for row in history if "train/generator_loss" in row
    }
    assert list(losses) == [16, 32, 48, 64]  # images seen
    assert all(np.isfinite(list(losses.values())))
    report = json.loads((only_run() / "metrics.json").read_text())
    assert report["metrics"].items() <= {k: v for row in history for k, v in row.items()}.items()

    config = {}
    for kind, record in found:
        if kind in ("run", "config"):
            config |= rows((record.run.config if kind == "run" else record.config).update)
    assert config["seed"] == 7
    assert config["marks"] == ["smoke"]
    assert config["genzoo"].startswith("0.")

    filenames = [value for row in history for key, value in row.items() if key == "samples/grid.filenames"]
    stored = path.parent / "files" / filenames[-1][0]
    assert stored.samefile(only_run() / "samples" / "grid-000004.png"), "one picture on disk, under two names"
    with Image.open(stored) as mine, Image.open(only_run() / "samples" / "grid-000004.png") as ours:
        assert np.array_equal(np.asarray(mine), np.asarray(ours))
    (film,) = [row["films/grid.videos"][0] for row in history if "films/grid.videos" in row]
    assert (path.parent / "files" / film["path"]).read_bytes() == (only_run() / "samples" / "grid.gif").read_bytes()
    assert any(kind == "exit" for kind, _ in found), "the run must be finished, or the next job would log into it"
    assert wandb.run is None


def test_without_a_login_it_goes_offline_and_never_asks(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setattr(wandb, "login", lambda **_: False)
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked"))
    logger = loggers.wandb_logger(save_dir=str(tmp_path), project="genzoo")
    assert logger.experiment.settings.mode == "offline"
    wandb.finish()


def test_a_server_that_does_not_answer_means_offline(tmp_path, monkeypatch, caplog):
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setattr(wandb, "login", lambda **_: True)
    init = wandb.init

    def unreachable(**arguments):
        if arguments["settings"].mode == "online":
            raise wandb.errors.CommError("no network")
        return init(**arguments)

    monkeypatch.setattr(wandb, "init", unreachable)
    caplog.set_level("WARNING", "genzoo")
    logger = loggers.wandb_logger(save_dir=str(tmp_path), project="genzoo")
    assert logger.experiment.settings.mode == "offline"
    assert "W&B cannot be reached (no network); logging offline" in caplog.text
    wandb.finish()


def test_logged_in_without_a_network_it_goes_offline(tmp_path, monkeypatch, caplog):
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")  # nobody answers there
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    wandb.teardown()  # or what an earlier test was logged in as stays
    caplog.set_level("WARNING", "genzoo")
    logger = loggers.wandb_logger(save_dir=str(tmp_path), project="genzoo", timeout=2.0)
    assert logger.experiment.settings.mode == "offline"
    assert caplog.text.count("logging offline, `wandb sync` uploads later") == 1
    wandb.finish()
    wandb.teardown()


def test_a_login_that_fails_means_offline(tmp_path, monkeypatch):
    def fail(**_):
        raise wandb.errors.AuthenticationError("no answer")

    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setattr(wandb, "login", fail)
    assert loggers.wandb_logger(save_dir=str(tmp_path)).experiment.settings.mode == "offline"
    wandb.finish()


def test_wandb_that_cannot_start_at_all_is_a_warning(tmp_path, monkeypatch, caplog):
    def fail(**_):
        raise OSError("no process")

    monkeypatch.setattr(wandb, "init", fail)
    caplog.set_level("WARNING", "genzoo")
    loggers.wandb_logger(save_dir=str(tmp_path)).log_metrics({"a": 1.0}, step=1)
    assert "W&B cannot be reached (no process); continuing without it" in caplog.text


def test_an_option_that_wandb_does_not_have_is_an_error(tmp_path):
    with pytest.raises(TypeError, match="nonsense"):
        loggers.wandb_logger(save_dir=str(tmp_path), nonsense=1)


def test_a_run_folder_keeps_its_id(tmp_path, capfd):
    first, second, other = (
        loggers.wandb_logger(save_dir=str(tmp_path / folder)).version
        for folder in ("a", "a", "b")
        if not loggers.close_wandb()
    )
    loggers.close_wandb()
    assert first == second != other
    assert "anonymous" not in capfd.readouterr().err


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(GenzooError, match="wandb is not installed; pip install wandb, or use logger=csv"):
        loggers.wandb_logger("")


def test_tensorboard_holds_losses_and_pictures(configured, only_run):
    event_accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="tensorboard is an extra"
    )
    train(configured("logger=tensorboard", "metrics.code_error=null"))
    (folder,) = (only_run() / "tensorboard").iterdir()
    events = event_accumulator.EventAccumulator(str(folder)).Reload()
    assert [event.step for event in events.Scalars("train/generator_loss")] == [16, 32, 48, 64]
    assert [event.step for event in events.Images("samples/grid")] == [16, 32, 48, 64]
