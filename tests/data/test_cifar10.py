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

FOLDER = "cifar-10-batches-py"
RANDOM = np.random.RandomState(0)
N = {**{f"data_batch_{i}": 4 for i in range(1, 6)}, "test_batch": 3}
IMAGES = {file: RANDOM.randint(0, 256, (n, 3, 32, 32)).astype(np.uint8) for file, n in N.items()}
LABELS = {file: RANDOM.randint(0, 10, n).tolist() for file, n in N.items()}


class Python2Pickler(pickle._Pickler):
    """Writes strings and bytes as Python 2 did, whose strings are bytes of no stated encoding."""

    def save_string(self, text):
        content = text if isinstance(text, bytes) else text.encode()
        self.write(pickle.BINSTRING + len(content).to_bytes(4, "little") + content)
        self.memoize(text)

    dispatch = pickle._Pickler.dispatch | {str: save_string, bytes: save_string}


def batch(file):
    written = io.BytesIO()
    names = [f"{file}_{i}.png" for i in range(N[file])]
    content = {"batch_label": file, "labels": LABELS[file], "data": IMAGES[file].reshape(-1, 3072), "filenames": names}
    Python2Pickler(written, protocol=2).dump(content)
    return written.getvalue()


CONTENTS = {file: batch(file) for file in N}


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """The MD5s of the small set pass for the real ones."""
    monkeypatch.setattr(
        CIFAR10, "files", {file: hashlib.md5(content).hexdigest() for file, content in CONTENTS.items()}
    )


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "sets" / FOLDER
    folder.mkdir(parents=True)
    for file, content in CONTENTS.items():
        (folder / file).write_bytes(content)
    return tmp_path / "sets"


def check(splits, n):
    training = [file for file in N if file.startswith("data")]
    images = torch.from_numpy(np.concatenate([IMAGES[file] for file in training]))
    labels = torch.tensor([label for file in training for label in LABELS[file]])
    for split, start, stop in (("train", 0, n), ("validation", n, 20)):
        assert splits[split].images.dtype == torch.uint8
        assert splits[split].labels.dtype == torch.int64
        assert torch.equal(splits[split].images, images[start:stop])
        assert torch.equal(splits[split].labels, labels[start:stop])
    assert torch.equal(splits["test"].images, torch.from_numpy(IMAGES["test_batch"]))
    assert splits["test"].labels.tolist() == LABELS["test_batch"]


@pytest.mark.parametrize("n", [20, 13])
def test_files_that_are_there_are_used(root, no_network, n):
    data = CIFAR10(root, train_size=n)
    check(loaded(data), n)
    assert data.source == "official"
    assert not no_network


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
    (root / FOLDER / file).write_bytes(pickle.dumps(Malice(tmp_path / "executed")))
    with pytest.raises(GenzooError, match=rf"{FOLDER}/{file} is damaged \(its MD5 is not {CIFAR10.files[file]}\)"):
        loaded(CIFAR10(root, offline=True))
    assert not (tmp_path / "executed").exists()
    pickle.loads((root / FOLDER / file).read_bytes()).close()
    assert (tmp_path / "executed").exists(), "the test's pickle is harmless"


@pytest.mark.parametrize("content", [b"", CONTENTS["data_batch_1"][:-1]])
def test_a_damaged_file_is_named(root, content):
    (root / FOLDER / "data_batch_1").write_bytes(content)
    with pytest.raises(GenzooError, match=r"data.root: .*data_batch_1 is damaged .*; delete it, .*\.$") as caught:
        loaded(CIFAR10(root))
    assert "\n" not in str(caught.value)


def test_a_folder_in_place_of_a_file_is_missing(root, no_network):
    (root / FOLDER / "test_batch").unlink()
    (root / FOLDER / "test_batch").mkdir()
    with pytest.raises(GenzooError, match=r"data=cifar10: test_batch: not in .*; download: no answer from https://"):
        loaded(CIFAR10(root))


def test_without_files_and_network_it_says_what_to_do(tmp_path, no_network):
    with pytest.raises(GenzooError, match=r"data=cifar10: the files are not in .*/cifar-10-batches-py; ") as caught:
        loaded(CIFAR10(tmp_path / "none", offline=True))
    message = str(caught.value)
    assert "download: not wanted (data.offline=true)" in message
    assert "Put the files of https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz there" in message
    assert "GENZOO_DATA" in message
    assert "\n" not in message
    assert not no_network
    assert not (tmp_path / "none").exists()


@pytest.fixture
def archive(site, monkeypatch):
    """The official archive, which a server on this machine offers."""
    folder, url = site
    path = folder / "cifar-10-python.tar.gz"
    with tarfile.open(path, "w:gz") as packed:
        for file, content in CONTENTS.items():
            member = tarfile.TarInfo(f"{FOLDER}/{file}")
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "url", url + path.name)
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "tgz_md5", hashlib.md5(path.read_bytes()).hexdigest())
    return path


def test_what_is_missing_is_downloaded(archive, tmp_path, capsys):
    root = tmp_path / "sets"
    check(loaded(CIFAR10(root, train_size=13)), 13)
    assert [path.name for path in root.iterdir()] == [FOLDER], "the archive or temporary files are left"
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
    assert not (root / FOLDER).exists()
    check(loaded(CIFAR10(root, train_size=13)), 13)


@pytest.mark.parametrize("train_size", [0, 50_001, 1.5, "all"])
def test_train_size_is_checked(tmp_path, train_size):
    with pytest.raises(GenzooError, match=f"data.train_size={train_size}: .* from 1 to 50000"):
        CIFAR10(tmp_path, train_size=train_size)


def test_facts_are_checked(tmp_path):
    with pytest.raises(GenzooError, match=r"data.size=64: data=cifar10 has size=32"):
        CIFAR10(tmp_path, size=64)
