import logging

import numpy as np
import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.arrays import Arrays
from genzoo.data.module import SPLITS
from support.sets import noise


@pytest.fixture
def saved(tmp_path):
    """A function that saves arrays and gives the path."""

    def save(**arrays):
        np.savez(tmp_path / "x.npz", **arrays)
        return tmp_path / "x.npz"

    return save


def everything(data):
    """Images and labels of all splits, in the order of a pixel that numbers them."""
    images, labels = (torch.cat([getattr(data.split(split), key) for split in SPLITS]) for key in ("images", "labels"))
    order = images[:, 0, 0, 0].argsort()
    return images[order], labels[order]


def numbered(n, *shape):
    images = noise(0, n, *shape)
    images.reshape(n, -1)[:, 0] = np.arange(n)
    if len(shape) == 3:
        images[:, 0, 0] = np.arange(n)[:, None]
    return images


def test_images_and_labels_stay_together_pixel_by_pixel(saved):
    images, labels = numbered(40, 6, 6, 3), np.random.randint(0, 4, 40)
    data = Arrays(saved(images=images, labels=labels), size=6, n_validation=8, n_test=4)
    assert [data.count(split) for split in SPLITS] == [28, 8, 4]
    assert (data.spec.classes, data.class_names, data.source) == (4, ["0", "1", "2", "3"], "arrays")
    found, known = everything(data)
    assert np.array_equal(found.permute(0, 2, 3, 1).numpy(), images)
    assert known.tolist() == labels.tolist()
    assert data.describe() == "28 training, 8 validation, 4 test images; 4 classes: 0, 1, 2, 3"


@pytest.mark.parametrize("shape", [(6, 6), (6, 6, 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_grey_images_of_a_npy_file(tmp_path, shape, channels):
    images = numbered(30, *shape)
    np.save(tmp_path / "x.npy", images)
    found, labels = everything(Arrays(tmp_path / "x.npy", size=6, channels=channels))
    assert np.array_equal(found.numpy(), np.repeat(images.reshape(30, 1, 6, 6), channels, 1))
    assert labels.unique().tolist() == [-1]


def test_alpha_is_composed_over_white(saved):
    images = np.zeros((3, 4, 4, 4), np.uint8)
    assert Arrays(saved(images=images), size=4, n_test=0, n_validation=0).split("train").images.unique().tolist() == [
        255
    ]


def test_splits_of_the_file_are_kept(saved):
    parts = {"train": 20, "val": 5, "test": 7}
    arrays = {f"{name}_images": np.full((n, 4, 4), n, np.uint8) for name, n in parts.items()}
    arrays |= {
        f"{name}_labels": np.full((n, 1), i) for i, (name, n) in enumerate(parts.items())
    }  # as MedMNIST has them
    data = Arrays(saved(**arrays), size=4, channels=1)
    for i, (split, n) in enumerate(zip(SPLITS, parts.values(), strict=True)):
        images, labels, *_ = data.split(split)
        assert (len(images), images.unique().tolist(), labels.unique().tolist()) == (n, [n], [i])
    assert data.describe().endswith("test images (splits of the data); 3 classes: 0, 1, 2")


def test_labels_may_be_unknown_names_or_numbers_with_gaps(saved):
    images = numbered(4, 4, 4)
    for given, names, numbers in (
        (np.array([7, -1, 3, 7]), ["3", "7"], [1, -1, 0, 1]),
        (np.array(["dog", "cat", "cat", "ant"]), ["ant", "cat", "dog"], [2, 1, 1, 0]),
    ):
        data = Arrays(saved(images=images, labels=given), size=4, channels=1)
        assert data.class_names == names
        assert everything(data)[1].tolist() == numbers


def test_squares_are_resized_and_others_refused_unless_a_fit_is_chosen(saved):
    file = saved(images=np.full((4, 8, 12), 9, np.uint8))
    with pytest.raises(GenzooError, match=r"data.fit: data.file=.*an image of images has 12 x 8 pixels"):
        Arrays(file).setup()
    padded = Arrays(file, size=6, channels=1, fit="pad").split("train").images
    assert padded[0, 0].tolist() == [[0] * 6] + [[9] * 6] * 4 + [[0] * 6]
    assert Arrays(saved(images=np.full((4, 8, 8), 99, np.uint8)), size=4).split("train").images.unique().tolist() == [
        99
    ]


def test_levels_that_were_not_scaled_are_noticed(saved, caplog):
    with caplog.at_level(logging.WARNING, "genzoo"):
        Arrays(saved(images=np.ones((4, 4, 4), np.uint8)), size=4, n_test=0, n_validation=0).setup()
    (message,) = caplog.messages
    assert message.endswith("nearly black: the largest level of images is 1 of 255.")


GREY = np.zeros((5, 4, 4), np.uint8)


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        (
            {"x_train": GREY, "y_train": GREY},
            {},
            r"no array images \(nor train_images\), but x_train, y_train; ",
        ),
        ({"test_images": GREY}, {}, "it has no array images"),
        ({}, {}, "it has no array images .* but nothing"),
        ({"images": GREY, "train_images": GREY}, {}, "images and train_images are both train images; keep one"),
        ({"images": GREY[:0]}, {}, "it has no training images"),
        ({"images": GREY, "labels": np.arange(4)}, {}, r"labels has the shape \(4,\), but images are 5 images"),
        ({"images": GREY, "labels": np.eye(5)}, {}, r"labels has the shape \(5, 5\)"),
        ({"images": GREY, "labels": np.zeros(5)}, {}, "labels is of type float64; save integers or names"),
        ({"images": GREY, "labels": np.full(5, -2)}, {}, "labels has the label -2; -1 is unknown"),
        ({"images": GREY, "labels": np.full(5, None)}, {}, "it cannot be read .*allow_pickle=False"),
        ({"images": np.full(5, None)}, {}, "images is of type object, but numbers are needed"),
        ({"images": np.zeros((5, 3, 8, 8))}, {}, "put channels last"),
        ({"images": GREY - 1.0}, {}, "images has values from -1 to -1"),
        ({"images": GREY}, {"n_validation": 3, "n_test": 2}, "data.n_validation=3 data.n_test=2: .* has 5 images"),
        ({"images": GREY}, {"classes": 3}, "data.classes=3: data.file=.* has 0 classes"),
        ({"images": GREY}, {"split_seed": -1}, "data.split_seed=-1: "),
        ({"images": GREY}, {"factors_seed": 1}, "data.factors_seed: data=arrays has no such setting"),
    ],
)
def test_what_does_not_fit_is_one_line(arrays, options, message, saved):
    with pytest.raises(GenzooError, match=message) as caught:
        Arrays(saved(**arrays), **options).setup()
    assert "\n" not in str(caught.value)
    assert "x.npz" in str(caught.value) or options


def test_nothing_in_a_file_is_executed(tmp_path):
    (tmp_path / "x.npy").write_bytes(b"cos\nsystem\n(S'touch /tmp/executed'\ntR.")
    with pytest.raises(GenzooError, match=r"x.npy: it cannot be read"):
        Arrays(tmp_path / "x.npy")
