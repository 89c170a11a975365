import errno
import os
import pickle

import pytest
import torch
from torch import nn

from genzoo.core.checkpoints import FORMAT, AtomicCheckpointIO, find_checkpoint, load_checkpoint, load_weights
from genzoo.core.errors import GenzooError


def content(**changes):
    config = {"model": {"_target_": "genzoo.core.latent.Latent"}}
    genzoo = {"format": FORMAT, "config": config, "choices": {}, "data": {}, "trained_by": "0.1.0"}
    return {"state_dict": {"weight": torch.arange(6.0)}, "genzoo": genzoo} | changes


def forged(config):
    """A checkpoint of this configuration."""
    return {"genzoo": content()["genzoo"] | {"config": config}}


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "last.ckpt"


def test_a_checkpoint_is_read_back(path):
    AtomicCheckpointIO().save_checkpoint(content(progress={"rounds": 3}), path)
    found = load_checkpoint(path)
    assert torch.equal(found["state_dict"]["weight"], torch.arange(6.0))
    assert found["progress"] == {"rounds": 3}
    assert list(path.parent.iterdir()) == [path]


def zipped(payload, path):
    torch.save(content(payload=payload), path)


def legacy(payload, path):
    torch.save(content(payload=payload), path, _use_new_zipfile_serialization=False)


def bare(payload, path):
    path.write_bytes(pickle.dumps(payload, protocol=2))


@pytest.mark.parametrize("save", [zipped, legacy, bare])
def test_code_in_a_checkpoint_is_refused_and_not_run(path, save):
    bomb = path.with_name("executed")
    save(Payload(bomb), path)
    with pytest.raises(GenzooError, match=str(path)):
        load_checkpoint(path)
    assert not bomb.exists()
    if save is not bare:
        torch.load(path, weights_only=False)  # what the payload does where it is let
        assert bomb.exists()


def test_the_message_says_that_code_could_run(path):
    zipped(Payload(path.with_name("executed")), path)
    with pytest.raises(GenzooError, match="could run code when loaded; refused"):
        load_checkpoint(path)


@pytest.mark.parametrize("kept", [0.0, 0.02, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_told(path, kept):
    torch.save(content(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(GenzooError, match=rf"truncated or damaged \({int(len(whole) * kept)} bytes"):
        load_checkpoint(path)


def test_a_file_damaged_anywhere_is_told_or_read(path):
    torch.save(content(), path)
    whole, told = path.read_bytes(), 0
    for i in range(0, len(whole), 3):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 0x11]) + whole[i + 1 :])
        try:
            assert isinstance(load_checkpoint(path), dict)
        except GenzooError:
            told += 1
    assert told > 100


@pytest.mark.parametrize("text", ["", "hello\n", "model: gan\n" * 100, "{}", "\x80\x02."])
def test_a_file_of_another_kind_is_told(path, text):
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(GenzooError, match="the checkpoint is truncated or damaged"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"genzoo": None}, "not a checkpoint of genzoo"),
        ({"genzoo": "1"}, "not a checkpoint of genzoo"),
        ({"genzoo": {"format": FORMAT + 1, "config": {}}}, f"has format {FORMAT + 1}, this genzoo reads {FORMAT}"),
        ({"genzoo": {"config": {}}}, "has format None"),
        ({"genzoo": {"format": FORMAT}}, "lacks its config, choices, data, trained_by"),
        (forged({"a": [{"_target_": "os.system"}]}), r"'os\.system'.*refused"),
    ],
)
def test_what_genzoo_did_not_write_is_refused(path, changes, message):
    torch.save(content(**changes), path)
    with pytest.raises(GenzooError, match=message):
        load_checkpoint(path)


def test_a_bare_tensor_is_no_checkpoint(path):
    torch.save(torch.zeros(2), path)
    with pytest.raises(GenzooError, match="not a checkpoint of genzoo"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left"), RuntimeError("writer failed"), KeyboardInterrupt()]
)
def test_a_failing_save_keeps_the_old_checkpoint(path, monkeypatch, error):
    io = AtomicCheckpointIO()
    io.save_checkpoint(content(progress=1), path)

    def failing(checkpoint, file):
        with open(file, "wb") as f:
            f.write(b"PK half a file")
        raise error

    monkeypatch.setattr(torch, "save", failing)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else GenzooError):
        io.save_checkpoint(content(progress=2), path)
    assert load_checkpoint(path)["progress"] == 1
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_stands_for_its_last_checkpoint(path):
    path.write_bytes(b"x")
    assert find_checkpoint(path.parent, "ckpt") == path
    assert find_checkpoint(str(path), "ckpt") == path


@pytest.mark.parametrize("given", ["", "nothing", "nothing.ckpt"])
def test_a_missing_checkpoint_is_told_with_its_key(tmp_path, given):
    with pytest.raises(GenzooError, match=f"ckpt={tmp_path / given}: there is no checkpoint"):
        find_checkpoint(tmp_path / given, "ckpt")


def test_weights_are_put_into_the_module():
    module = nn.Linear(2, 1)
    load_weights(module, {"state_dict": {"weight": torch.ones(1, 2), "bias": torch.ones(1)}}, "x.ckpt")
    assert module(torch.ones(1, 2)).item() == 3


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (nn.Linear(3, 1).state_dict(), "size mismatch for weight"),
        (nn.Conv1d(1, 1, 1, bias=False).state_dict(), 'Missing key.*"bias"'),
        (nn.Sequential(nn.Linear(2, 1)).state_dict(), 'Missing key.*"weight"'),
        (nn.Linear(2, 1).state_dict() | {"more": torch.zeros(1)}, 'Unexpected key.*"more"'),
        ([1, 2], "the checkpoint is of another model"),
    ],
)
def test_weights_of_another_model_are_refused_with_the_first_reason(state, reason):
    with pytest.raises(GenzooError, match=f"x.ckpt: the weights do not fit the model .*{reason}"):
        load_weights(nn.Linear(2, 1), {"state_dict": state}, "x.ckpt")


def test_a_checkpoint_without_weights_is_refused():
    with pytest.raises(GenzooError, match="do not fit the model"):
        load_weights(nn.Linear(2, 1), {}, "x.ckpt")
