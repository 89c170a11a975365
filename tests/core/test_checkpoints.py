import errno
import hashlib
import os
import pickle
import random
import zipfile

import pytest
import torch
from torch import nn

from genzoo.core.checkpoints import FORMAT, AtomicCheckpointIO, load_checkpoint, load_weights
from genzoo.core.errors import GenzooError
from support import checkpoint_content as content


def forged(config):
    """A checkpoint of this configuration."""
    return {"genzoo": content()["genzoo"] | {"config": content()["genzoo"]["config"] | config}}


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
    AtomicCheckpointIO().save_checkpoint(content(rounds=3), path)
    found = load_checkpoint(path)
    assert torch.equal(found["state_dict"]["weight"], torch.arange(6.0))
    assert found["progress"] == {"rounds": 3, "seen": 0}
    assert list(path.parent.iterdir()) == [path]


def zipped(payload, path):
    torch.save(content(payload=payload), path)


def legacy(payload, path):
    torch.save(content(payload=payload), path, _use_new_zipfile_serialization=False)


def sealed(payload, path):
    AtomicCheckpointIO().save_checkpoint(content(payload=payload), path)


def bare(payload, path):
    path.write_bytes(pickle.dumps(payload, protocol=2))


@pytest.mark.parametrize("save", [zipped, sealed, legacy, bare])
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
    with pytest.raises(GenzooError, match=rf"truncated or damaged \({int(len(whole) * kept)} bytes") as caught:
        load_checkpoint(path)
    assert "\n" not in str(caught.value)


def flipped(whole, seed=0):
    """The content with one bit changed, again and again."""
    random_ = random.Random(seed)
    for bit in random_.sample(range(8 * len(whole)), 200):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        yield bytes(damaged)


def test_any_changed_bit_is_told(path):
    AtomicCheckpointIO().save_checkpoint(content(), path)
    for damaged in flipped(path.read_bytes()):
        path.write_bytes(damaged)
        with pytest.raises(GenzooError, match="truncated or damaged"):
            load_checkpoint(path)


def test_a_changed_bit_of_a_file_without_a_digest_changes_nothing_that_is_read(path):
    torch.save(content(), path)
    whole, told = path.read_bytes(), 0
    for damaged in flipped(whole):
        path.write_bytes(damaged)
        try:
            assert torch.equal(load_checkpoint(path)["state_dict"]["weight"], torch.arange(6.0))
        except GenzooError:
            told += 1
    assert told > 50  # the others are of the room between entries
    weights = whole.index(torch.arange(6.0).numpy().tobytes())
    path.write_bytes(whole[: weights + 7] + bytes([whole[weights + 7] ^ 1]) + whole[weights + 8 :])
    with pytest.raises(GenzooError, match=r"the check sum of data/\d+ is wrong"):
        load_checkpoint(path)


def test_the_digest_is_that_of_the_file_without_its_comment(path):
    AtomicCheckpointIO().save_checkpoint(content(), path)
    with zipfile.ZipFile(path) as archive:
        comment = archive.comment
    assert comment.decode() == f"sha256:{hashlib.sha256(path.read_bytes()[: -len(comment) - 2]).hexdigest()}"


def test_what_declares_more_than_it_holds_is_told_before_it_is_read(path, monkeypatch):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("last/data.pkl", bytes(10_000_000))
    monkeypatch.setattr(torch, "load", None)
    with pytest.raises(GenzooError, match="its content is compressed"):
        load_checkpoint(path)


def rounds_of(path):
    return load_checkpoint(path)["progress"]["rounds"]


def test_a_run_keeps_its_last_two_checkpoints(path):
    for rounds in (1, 2, 3):
        AtomicCheckpointIO().save_checkpoint(content(rounds=rounds), path)
    assert {p.name: rounds_of(p) for p in path.parent.iterdir()} == {"last.ckpt": 3, "previous.ckpt": 2}


def test_only_the_last_checkpoint_has_a_previous_one(tmp_path):
    for rounds in (1, 2):
        AtomicCheckpointIO().save_checkpoint(content(rounds=rounds), tmp_path / "best.ckpt")
    assert [p.name for p in tmp_path.iterdir()] == ["best.ckpt"]


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("replaced", [0, 1, 2])
def test_killed_between_two_renames_a_run_has_its_last_checkpoint(path, monkeypatch, links, replaced):
    io = AtomicCheckpointIO()
    io.save_checkpoint(content(rounds=1), path)
    io.save_checkpoint(content(rounds=2), path)
    replace, done = os.replace, []

    def killed(old, new):
        done.append(new)
        if len(done) > replaced:
            raise KeyboardInterrupt
        replace(old, new)

    def refused(old, new):
        raise OSError(errno.EPERM, "no links here")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        if not links:
            patch.setattr(os, "link", refused)
        if replaced < 2:
            with pytest.raises(KeyboardInterrupt):
                io.save_checkpoint(content(rounds=3), path)
        else:
            io.save_checkpoint(content(rounds=3), path)
    expected = {0: (2, 1), 1: (2, 2), 2: (3, 2)}[replaced]
    assert (rounds_of(path), rounds_of(path.with_name("previous.ckpt"))) == expected
    io.save_checkpoint(content(rounds=4), path)
    assert (rounds_of(path), rounds_of(path.with_name("previous.ckpt"))) == (4, expected[0])


def damage(path):
    whole = path.read_bytes()
    path.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])


def test_a_damaged_checkpoint_names_the_newest_healthy_one_of_its_run(path):
    names = ("checkpoints/round-000001.ckpt", "best.ckpt", "previous.ckpt", "last.ckpt")
    for age, name in enumerate(names):
        AtomicCheckpointIO().save_checkpoint(content(rounds=age), path.parent / name)
        os.utime(path.parent / name, (age, age))
    for name, healthy in (("last", "previous.ckpt"), ("previous", "best.ckpt"), ("best", "round-000001.ckpt")):
        damage(path.parent / f"{name}.ckpt")
        with pytest.raises(GenzooError, match=rf"last\.ckpt: .*; the newest healthy one of the run is \S*{healthy}\."):
            load_checkpoint(path)
    damage(path.parent / names[0])
    with pytest.raises(GenzooError, match="the run has no other one that is healthy"):
        load_checkpoint(path.parent / names[0])


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
        ({"genzoo": {"format": FORMAT}}, r"genzoo\.trained_by is missing"),
        (forged({"model": {"_target_": "genzoo.core.latent.Latent", "a": [{"_target_": "os.system"}]}}), "refused"),
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
    io.save_checkpoint(content(rounds=1), path)

    def failing(checkpoint, file):
        with open(file, "wb") as f:
            f.write(b"PK half a file")
        raise error

    monkeypatch.setattr(torch, "save", failing)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else GenzooError):
        io.save_checkpoint(content(rounds=2), path)
    assert rounds_of(path) == 1
    assert list(path.parent.iterdir()) == [path]


def test_weights_are_put_into_the_module_which_then_evaluates():
    module = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1, affine=False, track_running_stats=False))
    load_weights(module, {"state_dict": {"0.weight": torch.ones(1, 2), "0.bias": torch.ones(1)}}, "x.ckpt")
    assert module[0](torch.ones(1, 2)).item() == 3
    assert not any(part.training for part in module.modules())


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (nn.Linear(3, 1).state_dict(), r"state_dict\.weight has shape \(1, 3\) .* where \(1, 2\)"),
        (nn.Linear(2, 1).double().state_dict(), r"state_dict\.weight has .* torch\.float64 where .* torch\.float32"),
        (nn.Linear(2, 1, bias=False).state_dict(), "state_dict lacks bias"),
        (nn.Sequential(nn.Linear(2, 1)).state_dict(), "state_dict lacks weight"),
        (nn.Linear(2, 1).state_dict() | {"more": torch.zeros(1)}, "state_dict contains 'more'"),
        (nn.Linear(2, 1).state_dict() | {"bias": torch.tensor([float("nan")])}, r"state_dict\.bias .* not finite"),
        (nn.Linear(2, 1).state_dict() | {"bias": torch.tensor([float("inf")])}, r"state_dict\.bias .* not finite"),
        (nn.Linear(2, 1).state_dict() | {"bias": torch.ones(1).to_sparse()}, r"state_dict\.bias .* torch\.sparse_coo"),
        (nn.Linear(2, 1).state_dict() | {"bias": torch.ones(1, device="meta")}, r"state_dict\.bias .* on meta"),
        (nn.Linear(2, 1).state_dict() | {"weight": torch.ones(1, 1).expand(1, 2)}, r"state_dict\.weight .* share"),
        (nn.Linear(2, 1).state_dict() | {"bias": [0.0]}, r"state_dict\.bias is a list where a tensor is needed"),
    ],
)
def test_weights_of_another_model_are_refused_with_the_first_reason(state, reason):
    module = nn.Linear(2, 1)
    before = module.weight.clone()
    with pytest.raises(GenzooError, match=f"x.ckpt: {reason}"):
        load_weights(module, {"state_dict": state}, "x.ckpt")
    assert torch.equal(module.weight, before)
