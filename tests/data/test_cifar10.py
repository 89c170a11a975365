import hashlib
import io
import multiprocessing
import pickle
import tarfile
import threading

import numpy as np
import pytest
import torch
import torchvision

from genzoo.core.errors import GenzooError
from genzoo.data import download
from genzoo.data.cifar10 import CIFAR10
from support import loaded
from support.sets import (
    CIFAR10_CONTENTS,
    CIFAR10_COUNTS,
    CIFAR10_FOLDER,
    CIFAR10_IMAGES,
    CIFAR10_LABELS,
    write_cifar10,
)


@pytest.fixture
def root(tmp_path, monkeypatch):
    write_cifar10(tmp_path / "sets", monkeypatch)
    return tmp_path / "sets"


def check(splits, n):
    training = [file for file in CIFAR10_COUNTS if file.startswith("data")]
    images = torch.from_numpy(np.concatenate([CIFAR10_IMAGES[file] for file in training]))
    labels = torch.tensor([label for file in training for label in CIFAR10_LABELS[file]])
    for split, start, stop in (("train", 0, n), ("validation", n, 20)):
        assert splits[split].images.dtype == torch.uint8
        assert splits[split].labels.dtype == torch.int64
        assert torch.equal(splits[split].images, images[start:stop])
        assert torch.equal(splits[split].labels, labels[start:stop])
    assert torch.equal(splits["test"].images, torch.from_numpy(CIFAR10_IMAGES["test_batch"]))
    assert splits["test"].labels.tolist() == CIFAR10_LABELS["test_batch"]


@pytest.mark.parametrize("n", [20, 13])
def test_files_that_are_there_are_used(root, n):
    data = CIFAR10(root, train_size=n)
    check(loaded(data), n)
    assert data.source == "official"


def test_all_50000_are_for_training_unless_told_otherwise(root):
    assert CIFAR10(root).train_size == 50_000
    assert loaded(CIFAR10(root))["validation"].images.shape == (0, 3, 32, 32)


def test_it_reads_what_torchvision_reads(root, monkeypatch):
    official = torchvision.datasets.CIFAR10
    monkeypatch.setattr(official, "test_list", [["test_batch", CIFAR10.files["test_batch"]]])
    monkeypatch.setattr(official, "train_list", [])
    monkeypatch.setattr(official, "_load_meta", lambda self: None)
    image, label = official(root, train=False)[1]
    ours = loaded(CIFAR10(root))["test"]
    assert torch.equal(ours.images[1], torch.from_numpy(np.array(image)).permute(2, 0, 1))
    assert ours.labels[1] == label


class Malice:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("file", ["data_batch_3", "test_batch"])
def test_a_pickle_of_another_content_is_never_opened(root, tmp_path, file):
    (root / CIFAR10_FOLDER / file).write_bytes(pickle.dumps(Malice(tmp_path / "executed")))
    with pytest.raises(GenzooError, match=rf"/{file} is damaged \(its MD5 is not {CIFAR10.files[file]}\)"):
        loaded(CIFAR10(root, offline=True))
    assert not (tmp_path / "executed").exists()
    pickle.loads((root / CIFAR10_FOLDER / file).read_bytes()).close()
    assert (tmp_path / "executed").exists(), "the test's pickle is harmless"


def test_a_folder_in_place_of_a_file_is_missing(root, no_network):
    (root / CIFAR10_FOLDER / "test_batch").unlink()
    (root / CIFAR10_FOLDER / "test_batch").mkdir()
    with pytest.raises(GenzooError, match=r"data=cifar10: test_batch: not in .*; download: no answer from https://"):
        loaded(CIFAR10(root))


@pytest.fixture
def archive(site, monkeypatch, tmp_path):
    """The official archive, which a server on this machine offers."""
    write_cifar10(tmp_path / "official", monkeypatch)
    folder, url = site
    path = folder / "cifar-10-python.tar.gz"
    with tarfile.open(path, "w:gz") as packed:
        for file, content in CIFAR10_CONTENTS.items():
            member = tarfile.TarInfo(f"{CIFAR10_FOLDER}/{file}")
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "url", url + path.name)
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "tgz_md5", hashlib.md5(path.read_bytes()).hexdigest())
    return path


def test_what_is_missing_is_downloaded(archive, tmp_path, capsys):
    root = tmp_path / "sets"
    check(loaded(CIFAR10(root, train_size=13)), 13)
    assert [path.name for path in root.iterdir()] == [CIFAR10_FOLDER], "the archive or temporary files are left"
    assert "".join(capsys.readouterr()) == ""
    check(loaded(CIFAR10(root, train_size=13, offline=True)), 13)


@pytest.mark.parametrize("failure", ["missing", "changed", "truncated"])
def test_a_download_that_fails_leaves_nothing(archive, tmp_path, failure):
    if failure == "missing":
        archive.unlink()
    else:
        content = archive.read_bytes()
        archive.write_bytes(content[:-100] if failure == "truncated" else content[:-1] + b"?")
    data = CIFAR10(tmp_path / "sets")
    with pytest.raises(GenzooError, match=r"download: (HTTPError.*404|RuntimeError: File not found or corrupted)"):
        loaded(data)
    assert not list((tmp_path / "sets").iterdir())


def stall(monkeypatch, archive):
    """Lets the first bytes of the archive come and no more; the event tells when they are there."""
    begun = multiprocessing.get_context("fork").Event()

    def retrieve(url, path):
        with open(path, "wb") as file:
            file.write(archive.read_bytes()[:1000])
        begun.set()
        threading.Event().wait(60)

    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", retrieve)
    return begun


def test_a_download_that_is_interrupted_leaves_nothing(archive, tmp_path, monkeypatch):
    def interrupt(url, path):
        open(path, "wb").close()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("torchvision.datasets.utils._urlretrieve", interrupt)
        with pytest.raises(KeyboardInterrupt):
            CIFAR10(tmp_path / "sets").prepare_data()
    assert not list((tmp_path / "sets").iterdir())
    check(loaded(CIFAR10(tmp_path / "sets", train_size=13)), 13)


def test_after_a_download_was_killed_the_next_one_goes_on_cleanly(archive, tmp_path, monkeypatch):
    root = tmp_path / "sets"
    with monkeypatch.context() as patch:
        patch.setattr(download, "_answers", lambda urls: True)  # asks in threads, which a fork does not like
        begun = stall(patch, archive)
        process = multiprocessing.get_context("fork").Process(target=CIFAR10(root).prepare_data)
        process.start()
        assert begun.wait(30)
        process.kill()
        process.join()
    assert not (root / CIFAR10_FOLDER).exists()
    check(loaded(CIFAR10(root, train_size=13)), 13)


@pytest.mark.parametrize("train_size", [0, 50_001, 1.5, "all"])
def test_train_size_is_checked(tmp_path, train_size):
    with pytest.raises(GenzooError, match=f"data.train_size={train_size}: .* from 1 to 50000"):
        CIFAR10(tmp_path, train_size=train_size)
