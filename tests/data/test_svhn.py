import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import torch
import torchvision

from genzoo.core.errors import GenzooError
from genzoo.data.svhn import STAND_IN, SVHN
from support import loaded
from support.sets import SVHN_COUNTS, SVHN_IMAGES, SVHN_LABELS, svhn_mat, write_svhn


@pytest.fixture
def official(tmp_path, monkeypatch):
    """A folder of small files in the official format, whose MD5s then pass for the real ones."""
    write_svhn(tmp_path / "official", monkeypatch, SVHN_COUNTS)
    return tmp_path / "official"


@pytest.fixture(scope="module")
def first_10000():
    pixels = np.zeros((10_000, 32, 32, 3), np.uint8)
    pixels[:, 1, 2] = (
        np.arange(10_000)[:, None] // np.array([1000, 100, 1]) % 100
    )  # red, green, blue in row 1, column 2
    return {"images": pixels, "labels": (np.arange(10_000) // 7 % 10).astype(np.uint8)}


def check(split, images, labels):
    assert split.images.dtype == torch.uint8
    assert split.labels.dtype == torch.int64
    assert torch.equal(split.images, torch.from_numpy(images))
    assert split.labels.tolist() == labels.tolist()


@pytest.mark.parametrize("n", [12, 9])
def test_files_that_are_there_are_used(official, n):
    data = SVHN(official, train_size=n)
    splits = loaded(data)
    check(splits["train"], SVHN_IMAGES["train"][:n], SVHN_LABELS["train"][:n])
    check(splits["validation"], SVHN_IMAGES["train"][n:], SVHN_LABELS["train"][n:])
    check(splits["test"], SVHN_IMAGES["test"], SVHN_LABELS["test"])
    assert data.source == "official"


def test_it_reads_what_torchvision_reads(official, monkeypatch):
    resource = ["", svhn_mat("test"), SVHN.files[svhn_mat("test")]]
    monkeypatch.setattr(torchvision.datasets.SVHN, "split_list", {"test": resource})
    theirs = torchvision.datasets.SVHN(official, "test")
    check(loaded(SVHN(official))["test"], theirs.data, theirs.labels)


def test_extra_images_are_for_training(official):
    splits = loaded(SVHN(official, train_size=9, extra=True))
    check(
        splits["train"],
        np.concatenate([SVHN_IMAGES["train"][:9], SVHN_IMAGES["extra"]]),
        np.concatenate([SVHN_LABELS["train"][:9], SVHN_LABELS["extra"]]),
    )
    check(splits["validation"], SVHN_IMAGES["train"][9:], SVHN_LABELS["train"][9:])
    check(splits["test"], SVHN_IMAGES["test"], SVHN_LABELS["test"])


def test_extra_images_are_needed_only_on_demand(official, no_network):
    (official / svhn_mat("extra")).unlink()
    assert len(loaded(SVHN(official))["train"].images) == 12
    with pytest.raises(GenzooError, match=r"data=svhn: extra_32x32.mat: not in .*; download: no answer from http://"):
        loaded(SVHN(official, extra=True))


@pytest.mark.parametrize("content", [b"", b"MATLAB 5.0 MAT-file"])
def test_a_damaged_file_is_named_and_not_parsed(official, monkeypatch, content):
    (official / svhn_mat("test")).write_bytes(content)
    parsed, loadmat = [], scipy.io.loadmat
    monkeypatch.setattr(scipy.io, "loadmat", lambda file: parsed.append(Path(file.name).name) or loadmat(file))
    with pytest.raises(GenzooError, match=r"data.root: .*test_32x32.mat is damaged \(its MD5 is not .*; delete it"):
        loaded(SVHN(official))
    assert parsed == [svhn_mat("train")]


@pytest.fixture
def mirror(official, site, monkeypatch):
    folder, url = site
    for part in SVHN_COUNTS:
        shutil.copy(official / svhn_mat(part), folder)
    split_list = {part: [url + svhn_mat(part), svhn_mat(part), SVHN.files[svhn_mat(part)]] for part in SVHN_COUNTS}
    monkeypatch.setattr(torchvision.datasets.SVHN, "split_list", split_list)
    return folder


@pytest.mark.parametrize("extra", [False, True])
def test_what_is_missing_is_downloaded(mirror, tmp_path, capsys, extra):
    root = tmp_path / "sets"
    root.mkdir()
    shutil.copy(mirror / svhn_mat("test"), root)
    (mirror / svhn_mat("test")).unlink()  # is not asked for
    data = SVHN(root, extra=extra)
    splits = loaded(data)
    check(splits["test"], SVHN_IMAGES["test"], SVHN_LABELS["test"])
    assert len(splits["train"].images) == (19 if extra else 12)
    assert sorted(path.name for path in root.iterdir()) == sorted(data.files)
    assert "".join(capsys.readouterr()) == ""


@pytest.mark.parametrize("failure", ["missing", "changed", "truncated"])
def test_a_download_that_fails_leaves_nothing(mirror, tmp_path, failure):
    last, content = mirror / svhn_mat("test"), (mirror / svhn_mat("test")).read_bytes()
    last.unlink()
    if failure != "missing":
        last.write_bytes(content[:-10] if failure == "truncated" else content[:-1] + b"?")
    with pytest.raises(GenzooError, match=r"download: (HTTPError.*404|RuntimeError: File not found or corrupted)"):
        loaded(SVHN(tmp_path / "sets"))
    assert not list((tmp_path / "sets").iterdir())


# The stand-in.


def test_the_first_10000_test_images_stand_in(tmp_path, no_network, caplog, first_10000):
    np.savez(tmp_path / STAND_IN, **first_10000)
    data = SVHN(tmp_path, train_size=100)
    with caplog.at_level(logging.WARNING, "genzoo"):
        splits = loaded(data)
    (message,) = [record.getMessage() for record in caplog.records]
    assert "NOT SVHN'S PROTOCOL" in message
    assert "not comparable with the literature" in message
    assert f"train_32x32.mat and test_32x32.mat are not in {tmp_path}" in message
    assert "\n" not in message
    assert data.source == "svhn-test-10k"
    assert not no_network, "it asked for a download although there is a stand-in"
    images = first_10000["images"].transpose(0, 3, 1, 2)
    for name, part in {"train": slice(8000), "validation": slice(8000, 9000), "test": slice(9000, 10_000)}.items():
        check(splits[name], images[part], first_10000["labels"][part])
    assert splits["validation"].images[34, :, 1, 2].tolist() == [8, 80, 34], "image 8034"


@pytest.mark.parametrize("parts", [("train", "test"), ("test",)])
def test_official_files_come_before_the_stand_in(official, no_network, first_10000, parts):
    np.savez(official / STAND_IN, **first_10000)
    for part in set(SVHN_COUNTS) - set(parts):
        (official / svhn_mat(part)).unlink()
    data = SVHN(official)
    if "train" in parts:
        check(loaded(data)["train"], SVHN_IMAGES["train"], SVHN_LABELS["train"])
        assert data.source == "official"
    else:
        with pytest.raises(GenzooError, match=r"data=svhn: train_32x32.mat: not in"):
            loaded(data)
        assert no_network


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"images": np.zeros((9, 32, 32, 3), np.uint8)}, r"it holds images uint8 \(9, 32, 32, 3\)"),
        ({"labels": np.zeros(9_999, np.uint8)}, r"labels \(9999,\)"),
        ({"labels": np.full(10_000, 10)}, "its labels go from 10 to 10"),
        ({"labels": np.array([print], object)}, "ValueError: Object arrays cannot be loaded"),
        (None, "BadZipFile|ValueError"),
    ],
)
def test_a_damaged_stand_in_is_named(tmp_path, first_10000, change, why):
    path = tmp_path / STAND_IN
    if change is None:
        path.write_bytes(b"PK\3\4 and so on")
    else:
        np.savez(path, **first_10000 | change)
    with pytest.raises(GenzooError, match=rf"{STAND_IN} is damaged \(.*({why}).*; replace it, or remove it") as caught:
        loaded(SVHN(tmp_path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("train_size", [0, 73_258, "all"])
def test_train_size_is_checked(tmp_path, train_size):
    assert SVHN(tmp_path).train_size == 73_257
    with pytest.raises(GenzooError, match=f"data.train_size={train_size}: .* from 1 to 73257"):
        SVHN(tmp_path, train_size=train_size)
