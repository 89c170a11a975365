import gzip
import hashlib

import numpy as np
import pytest
from PIL import Image
from torchvision import datasets

from genzoo.core.errors import GenzooError
from genzoo.data.module import SPLITS
from genzoo.data.torchvision_images import TorchvisionImages
from genzoo.runs.build import build_data
from support import loaded, resolved
from support.sets import MNIST_ARRAYS, noise, write_idx, write_kmnist


def by_content(*splits):
    """Pixels -> label."""
    return {
        image.numpy().tobytes(): int(label)
        for images, labels, *_ in splits
        for image, label in zip(images, labels, strict=True)
    }


def test_parts_of_the_set_are_kept_and_validation_is_drawn(tmp_path):
    write_kmnist(tmp_path)
    data = TorchvisionImages(tmp_path, "KMNIST", size=28, channels=1, n_validation=10)
    splits = loaded(data)
    assert [data.count(split) for split in SPLITS] == [40, 10, 20]
    images = MNIST_ARRAYS["train-images-idx3-ubyte"], MNIST_ARRAYS["t10k-images-idx3-ubyte"]
    labels = MNIST_ARRAYS["train-labels-idx1-ubyte"], MNIST_ARRAYS["t10k-labels-idx1-ubyte"]
    for theirs, given, known in ((("train", "validation"), images[0], labels[0]), (("test",), images[1], labels[1])):
        found = {
            splits[s].images[i].numpy().tobytes(): int(splits[s].labels[i])
            for s in theirs
            for i in range(data.count(s))
        }
        assert found == {image.tobytes(): int(label) for image, label in zip(given, known, strict=True)}
    assert (data.spec.classes, data.source) == (10, "torchvision")


def test_splits_by_name(tmp_path, monkeypatch):
    folder = tmp_path / "dtd" / "dtd"
    for kind in ("images/a", "images/b", "labels"):
        (folder / kind).mkdir(parents=True)
    for split, numbers in (("train", range(6)), ("val", range(6, 9)), ("test", range(9, 13))):
        names = [f"{'ab'[i % 2]}/{i}.png" for i in numbers]
        (folder / "labels" / f"{split}1.txt").write_text("\n".join(names) + "\n")
        for i, name in zip(numbers, names, strict=True):
            Image.new("RGB", (4, 4), (i, i, i)).save(folder / "images" / name)
    data = TorchvisionImages(tmp_path, "DTD", size=4)
    for split, numbers in (("train", range(6)), ("validation", range(6, 9)), ("test", range(9, 13))):
        images, labels, *_ = data.split(split)
        found = dict(zip(images[:, 0, 0, 0].tolist(), labels.tolist(), strict=True))
        assert found == {i: i % 2 for i in numbers}
    one = TorchvisionImages(tmp_path, "DTD", size=4, options={"split": "test"}, n_validation=1, n_test=1)
    assert sorted(i for images, *_ in loaded(one).values() for i in images[:, 0, 0, 0].tolist()) == [9, 10, 11, 12]


def test_a_set_of_one_part_and_options(tmp_path):
    data = build_data(
        resolved(
            "data=torchvision",
            "data.name=FakeData",
            "data.options={size: 30, image_size: [3, 8, 8], num_classes: 3}",
            f"data.root={tmp_path}",
            "data.size=8",
            "data.classes=3",
        )
    )
    splits, fake = loaded(data), datasets.FakeData(30, (3, 8, 8), 3)
    given = {np.asarray(image).transpose(2, 0, 1).tobytes(): int(label) for image, label in fake}
    assert by_content(*splits.values()) == given
    assert [data.count(split) for split in SPLITS] == [26, 2, 2]


def test_a_setting_that_its_class_needs_and_labels_from_one(tmp_path):
    with pytest.raises(GenzooError, match=r"^data.options.split: torchvision's EMNIST needs it; give 'data.opt"):
        TorchvisionImages(tmp_path, "EMNIST")
    folder = tmp_path / "EMNIST" / "raw"
    for part, n in (("train", 26), ("test", 26)):
        write_idx(folder / f"emnist-letters-{part}-images-idx3-ubyte", noise(0, n, 28, 28))
        write_idx(folder / f"emnist-letters-{part}-labels-idx1-ubyte", np.arange(n) + 1)
    data = TorchvisionImages(tmp_path, "EMNIST", options={"split": "letters"}, size=28, channels=1)
    assert data.split("test").labels.sort().values.tolist() == list(range(26))
    assert data.spec.classes == 26


def test_sizes(tmp_path):
    for kind in "ab":
        (tmp_path / kind).mkdir()
        for i in range(3):
            Image.new("RGBA", (8, 4), (0, 0, 0, 0)).save(tmp_path / kind / f"{i}.png")
    with pytest.raises(GenzooError, match=r"^data.fit: data=torchvision data.name=ImageFolder: train\[0\] in .* 8 x 4"):
        TorchvisionImages(tmp_path, "ImageFolder").setup()
    assert TorchvisionImages(tmp_path, "ImageFolder", fit="crop", size=4).split("train").images.unique().tolist() == [0]


def test_what_is_missing_is_downloaded_as_a_whole(tmp_path, site, monkeypatch, caplog):
    folder, address = site
    write_kmnist(tmp_path / "there")
    resources = []
    for name in MNIST_ARRAYS:
        content = gzip.compress((tmp_path / "there" / "KMNIST" / "raw" / name).read_bytes())
        (folder / f"{name}.gz").write_bytes(content)
        resources.append((f"{name}.gz", hashlib.md5(content).hexdigest()))
    monkeypatch.setattr(datasets.KMNIST, "mirrors", [address])
    monkeypatch.setattr(datasets.KMNIST, "resources", resources)
    data = TorchvisionImages(tmp_path / "here", "KMNIST", size=28, channels=1)
    assert loaded(data)["test"].images.shape == (20, 1, 28, 28)
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(b"something else")
    with pytest.raises(GenzooError, match=r"download: RuntimeError: .*corrupted\. Put them there") as caught:
        loaded(TorchvisionImages(tmp_path / "other", "KMNIST", size=28, channels=1))
    assert "\n" not in str(caught.value)
    assert not any((tmp_path / "other").iterdir())


def test_a_set_that_torchvision_does_not_download(tmp_path, no_network):
    with pytest.raises(GenzooError, match=r"FER2013: its files .*download: torchvision does not download it\. P"):
        loaded(TorchvisionImages(tmp_path, "FER2013"))
    assert not no_network


def test_items_that_are_not_an_image_and_a_class(tmp_path, monkeypatch):
    class Captions(datasets.FakeData):
        def __getitem__(self, i):
            return super().__getitem__(i)[0], ["a dog"]

    monkeypatch.setattr(datasets, "FakeData", Captions)
    data = TorchvisionImages(tmp_path, "FakeData", options={"size": 9}, size=8)
    with pytest.raises(GenzooError, match=r"train\[0\] in .* the number of its class, but Image and list"):
        data.setup()


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("KMIST", {}, "data.name=KMIST: torchvision.datasets has no such class. Did you mean 'KMNIST'"),
        ("VisionDataset", {}, "data.name=VisionDataset: torchvision.datasets has no such class"),
        (
            "KMNIST",
            {"options": {"trian": True}},
            "data.options.trian: .* no such option. Did you mean 'train'",
        ),
        ("KMNIST", {"options": {"root": "/x"}}, "data.options.root: torchvision's KMNIST has no such option"),
        ("USPS", {"labels_per_class": 3}, "data.classes: how many classes USPS has is needed with"),
    ],
)
def test_settings_are_checked_before_loading(name, settings, message, tmp_path):
    with pytest.raises(GenzooError, match=f"^{message}"):
        TorchvisionImages(tmp_path, name, **settings)


def test_values_of_options_and_classes_are_checked(tmp_path):
    write_kmnist(tmp_path)
    with pytest.raises(GenzooError, match=r"^data.classes=9: data.name=KMNIST has 10 classes"):
        loaded(TorchvisionImages(tmp_path, "KMNIST", size=28, classes=9))
    with pytest.raises(GenzooError, match=r"EMNIST: .* cannot be read with these options \(ValueError: .*letters"):
        TorchvisionImages(tmp_path, "EMNIST", options={"split": "leters"})
