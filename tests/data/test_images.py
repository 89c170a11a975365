import logging
import os

import numpy as np
import pytest
import torch
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.data.images import ImageFolder
from genzoo.data.listing import EXTENSIONS


def picture(path, colour=(255, 0, 0), size=(40, 30), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).convert(mode).save(path)


def everything(data):
    splits = [data.split(split) for split in ("train", "validation", "test")]
    return torch.cat([s.images for s in splits]), torch.cat([s.labels for s in splits])


def test_every_format_and_mode_is_read(tmp_path):
    for i, extension in enumerate(EXTENSIONS):
        picture(tmp_path / f"{i}{extension.upper() if i % 2 else extension}", size=(40 + i, 70 - 5 * i))
    for mode in ("L", "P", "RGBA", "LA", "1"):
        picture(tmp_path / f"{mode}.png", (255, 255, 255), mode=mode)
    (tmp_path / "notes.txt").write_text("no image")
    data = ImageFolder(tmp_path, size=16)
    images, labels = everything(data)
    assert images.shape == (len(EXTENSIONS) + 5, 3, 16, 16)
    assert images.dtype == torch.uint8
    assert labels.eq(-1).all()
    assert data.source == "folder"
    mean = images.float().mean((2, 3))
    white = (mean > 250).all(1)
    assert white.sum() == 5
    assert (mean[~white] - torch.tensor([255.0, 0, 0])).abs().max() < 5


@pytest.mark.parametrize("wide", [True, False])
def test_the_middle_square_is_kept(tmp_path, wide):
    array = np.zeros((30, 90, 3), np.uint8)
    array[:, 30:60] = (10, 200, 30)
    Image.fromarray(array if wide else array.swapaxes(0, 1)).save(tmp_path / "a.png")
    image = ImageFolder(tmp_path, size=15).split("train").images[0]
    assert (image.float() - torch.tensor([10.0, 200, 30]).view(3, 1, 1)).abs().max() < 20
    assert (image[:, 1:-1, 1:-1].float().std((1, 2)) < 2).all()


def test_parts_of_larger_images_are_drawn_in_training_and_fixed_in_evaluation(tmp_path):
    levels = np.random.RandomState(0).randint(0, 256, (4, 4, 3)).astype(np.uint8)
    for i in range(3):
        Image.fromarray(levels).save(tmp_path / f"{i}.png")
    data = ImageFolder(tmp_path, size=3, resized=4, validation_fraction=0.3, test_fraction=0)
    whole = torch.from_numpy(levels).permute(2, 0, 1)
    assert torch.equal(data.split("train").images[0], whole)
    parts = [whole[:, i : i + 3, j : j + 3] for i in range(2) for j in range(2)]
    drawn = data.vary(whole.expand(50, -1, -1, -1), torch.Generator().manual_seed(0))
    assert {[torch.equal(x, part) for part in parts].index(True) for x in drawn} == {0, 1, 2, 3}
    shown = data.evaluation_images("validation").images
    assert any(torch.equal(shown[0], part) for part in parts)
    assert torch.equal(shown, data.evaluation_images("validation").images)
    assert data.varies
    assert not ImageFolder(tmp_path, size=4).varies
    with pytest.raises(GenzooError, match=r"^data\.resized=2: an integer of at least 3 is needed\.$"):
        ImageFolder(tmp_path, size=3, resized=2)


def test_orientation_is_kept_and_resizing_smooths(tmp_path):
    array = np.zeros((64, 64), np.uint8)
    array[:32, :32] = 255  # the top left quarter
    array[40:, ::2] = 200  # stripes finer than the new pixels
    Image.fromarray(array).save(tmp_path / "a.png")
    image = ImageFolder(tmp_path, size=8, channels=1).split("train").images[0, 0]
    assert image[1, 1] > 240
    assert image[1, 6] < 15
    assert (image[6:, 1:7].float() - 100).abs().max() < 15


def test_grey(tmp_path):
    picture(tmp_path / "a.png", (255, 0, 0))
    images = ImageFolder(tmp_path, size=8, channels=1).split("train").images
    assert images.shape == (1, 1, 8, 8)
    assert images.unique().tolist() == [76]  # the luminance of red


def test_a_camera_s_rotation_is_undone(tmp_path):
    array = np.zeros((20, 20, 3), np.uint8)
    array[:, :10] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned clockwise by a quarter: its left is up
    Image.fromarray(array).save(tmp_path / "a.png", exif=exif)
    image = ImageFolder(tmp_path, size=8, channels=1).split("train").images[0, 0].float()
    assert image[:3].min() > 200
    assert image[5:].max() < 55


@pytest.mark.parametrize("channels", [1, 3])
def test_deep_pixels_keep_their_contrast(tmp_path, channels):
    Image.fromarray(np.full((8, 8), 100 * 256, np.uint16)).save(tmp_path / "a.png")
    images = ImageFolder(tmp_path, size=4, channels=channels).split("train").images
    assert images.unique().tolist() == [100]


def test_pixels_without_a_known_range_are_refused(tmp_path):
    Image.fromarray(np.full((8, 8), 0.5, np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(GenzooError, match=r"a.tif \(ValueError: the range of 32-bit pixels is unknown; .*data.white="):
        ImageFolder(tmp_path, size=4).setup()
    assert ImageFolder(tmp_path, size=4, white=1.0).split("train").images.unique().tolist() == [128]


def test_twelve_bits_in_files_of_sixteen_are_refused_until_white_is_stated(tmp_path):
    for i, level in enumerate((0, 1600, 4095)):
        Image.fromarray(np.full((8, 8), level, np.uint16)).save(tmp_path / f"{i}.png")
    with pytest.raises(
        GenzooError, match=r"largest level of 3 grey files of 16 bits is 4095 .*set data.white=4095 \(12"
    ):
        ImageFolder(tmp_path, size=4, channels=1).setup()
    for white, levels in ((4095, [0, 100, 255]), (65535, [0, 6, 15])):
        data = ImageFolder(tmp_path, size=4, channels=1, white=white)
        assert everything(data)[0].unique().tolist() == levels


def test_losses_are_logged_once_per_run(tmp_path, caplog):
    for i in range(3):
        Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / f"{i}.png")
    with caplog.at_level(logging.WARNING, "genzoo"):
        data = ImageFolder(tmp_path, size=4)
        images, _ = everything(data)
        data.setup()
    assert images.unique().tolist() == [255]
    (record,) = caplog.records
    assert record.getMessage() == (f"data.root={tmp_path}: transparent pixels are composed over white (3 of 3 files).")


def test_skipped_entries_are_logged(tmp_path, caplog):
    picture(tmp_path / "a.png")
    (tmp_path / "up").symlink_to(".")
    os.mkfifo(tmp_path / "pipe.png")
    with caplog.at_level(logging.WARNING, "genzoo"):
        images, _ = everything(ImageFolder(tmp_path, size=4))
    assert len(images) == 1
    (record,) = caplog.records
    assert record.getMessage().endswith(
        "left out: pipe.png (a pipe, socket or device); up (a link to a folder that is already listed)."
    )


def test_the_folder_s_own_splits_are_never_mixed(tmp_path):
    for number, (split, n) in enumerate((("train", 20), ("val", 3), ("test", 5))):
        for kind in range(2):
            for i in range(n):
                picture(tmp_path / split / ("blue", "red")[kind] / f"{i}.png", (10 * number + kind, 0, 0))
    data = ImageFolder(tmp_path, size=2)
    assert data.class_names == ["blue", "red"]
    assert data.describe() == "40 training, 6 validation, 10 test images (splits of the folder); 2 classes: blue, red"
    for number, (split, n) in enumerate((("train", 20), ("validation", 3), ("test", 5))):
        images, labels, *_ = data.split(split)
        assert labels.bincount().tolist() == [n, n]
        assert torch.equal(images[:, 0, 0, 0], 10 * number + labels)


@pytest.mark.parametrize(("missing", "counts"), [("val", (34, 6, 10)), ("test", (37, 6, 3))])
def test_a_split_that_the_folder_lacks_is_a_part_of_what_is_trained_on(tmp_path, missing, counts):
    own = {"train": 40, "val": 6, "test": 10}
    for number, (split, n) in enumerate(own.items()):
        for i in range(n if split != missing else 0):
            picture(tmp_path / split / f"{i}.png", (10 * number, i, 0))
    data = ImageFolder(tmp_path, size=2, validation_fraction=0.15, test_fraction=0.075)
    assert tuple(data.count(split) for split in ("train", "validation", "test")) == counts
    assert len(everything(data)[0].flatten(1).unique(dim=0)) == sum(counts)
    assert data.split("train").images[:, 0].max() == 0
    assert data.split("validation").images[:, 0].unique().tolist() == [0 if missing == "val" else 10]
    assert data.split("test").images[:, 0].unique().tolist() == [0 if missing == "test" else 20]


def test_subfolders_are_classes(tmp_path):
    for name, colour in (("dog", (255, 0, 0)), ("cat", (0, 255, 0)), ("bird/small", (0, 0, 255))):
        for i in range(4):
            picture(tmp_path / name / f"{i}.png", colour)
    data = ImageFolder(tmp_path, size=4, classes=3, validation_fraction=0.2, test_fraction=0.2)
    assert data.spec.classes == 3
    assert data.class_names == ["bird", "cat", "dog"]
    images, labels = everything(data)
    assert labels.bincount().tolist() == [4, 4, 4]
    assert torch.equal(images[..., 0, 0].argmax(1), torch.tensor([2, 1, 0])[labels])


@pytest.mark.parametrize("names", [["a.png", "x/b.png", "y/c.png"], ["x/a.png", "x/b.png", "x/y/c.png"]])
def test_other_folders_have_no_classes(tmp_path, names):
    for name in names:
        picture(tmp_path / name)
    data = ImageFolder(tmp_path, size=4)
    images, labels = everything(data)
    assert data.spec.classes == 0
    assert len(images) == 3
    assert labels.tolist() == [-1] * 3


def test_splits_depend_on_names_alone(tmp_path):
    for i in range(40):
        picture(tmp_path / "one" / f"{i:02}.png", (6 * i, 0, 0))
        picture(tmp_path / "two" / f"{39 - i:02}.png", (6 * (39 - i), 0, 0))
    one, two = (ImageFolder(tmp_path / root, size=2, test_fraction=0.1, seed=len(root)) for root in ("one", "two"))
    assert [len(one.split(split).images) for split in ("train", "validation", "test")] == [34, 2, 4]
    assert len(everything(one)[0].flatten(1).unique(dim=0)) == 40
    for split in ("train", "validation", "test"):
        assert torch.equal(one.split(split).images, two.split(split).images)
    reds = one.split("train").images[:, 0, 0, 0].tolist()
    assert reds != sorted(reds), "the head of a split is no fair sample"


@pytest.mark.parametrize(("n", "validation", "test"), [(1, 0.45, 0.54), (2, 0.45, 0.54), (1, 0.9, 0), (3, 0.9, 0.05)])
def test_one_image_at_least_is_for_training(tmp_path, n, validation, test):
    for i in range(n):
        picture(tmp_path / f"{i}.png")
    data = ImageFolder(tmp_path, size=2, validation_fraction=validation, test_fraction=test)
    assert len(data.split("train").images) == 1
    assert len(everything(data)[0]) == n


def break_some(root, n):
    for i in range(5):
        picture(root / f"good{i}.png")
    for i in range(n):
        path = root / f"bad{i}.jpg"
        picture(path, size=(200, 200))
        path.write_bytes(path.read_bytes()[: -100 if i % 2 else 30])


def test_broken_files_are_named(tmp_path):
    break_some(tmp_path, 2)
    with pytest.raises(GenzooError, match="2 of 7 files cannot be read: ") as caught:
        ImageFolder(tmp_path, size=4).setup()
    message = str(caught.value)
    assert "bad0.jpg" in message
    assert "bad1.jpg" in message
    assert "good" not in message
    assert "data.skip_broken=true" in message
    assert "\n" not in message


def test_only_five_broken_files_are_named(tmp_path):
    break_some(tmp_path, 8)
    with pytest.raises(GenzooError, match="and 3 more") as caught:
        ImageFolder(tmp_path, size=4).setup()
    assert str(caught.value).count(".jpg (") == 5


def test_broken_files_are_skipped_on_demand(tmp_path, caplog):
    break_some(tmp_path, 2)
    with caplog.at_level(logging.WARNING, "genzoo"):
        images, _ = everything(ImageFolder(tmp_path, size=4, skip_broken=True))
    assert len(images) == 5
    assert (images.float().mean((2, 3)) == torch.tensor([255.0, 0, 0])).all()
    (record,) = caplog.records
    assert "bad0.jpg" in record.getMessage()
    assert "bad1.jpg" in record.getMessage()


def test_nothing_but_broken_files(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(GenzooError, match="no training images"):
        ImageFolder(tmp_path, size=4, skip_broken=True).setup()


def test_a_missing_folder(tmp_path):
    with pytest.raises(GenzooError, match=r"data.root=.*/none: there is no such folder"):
        ImageFolder(tmp_path / "none", size=4)


def test_an_empty_folder(tmp_path):
    with pytest.raises(GenzooError, match="the folder is empty"):
        ImageFolder(tmp_path, size=4)


def test_a_folder_without_images(tmp_path):
    (tmp_path / "a.txt").write_text("")
    picture(tmp_path / ".hidden.png")
    picture(tmp_path / ".thumbnails" / "a.png")
    with pytest.raises(GenzooError, match=r"the folder holds no images; images end in \.png"):
        ImageFolder(tmp_path, size=4)


def test_classes_are_checked(tmp_path):
    picture(tmp_path / "a.png")
    assert ImageFolder(tmp_path, classes=0).spec.classes == 0
    with pytest.raises(GenzooError, match=r"data.classes=2: .* has 0"):
        ImageFolder(tmp_path, classes=2)


@pytest.mark.parametrize(
    ("key", "value"), [("validation_fraction", 1), ("test_fraction", -0.1), ("size", 0), ("white", 0), ("white", True)]
)
def test_settings_are_checked(tmp_path, key, value):
    picture(tmp_path / "a.png")
    with pytest.raises(GenzooError, match=f"data.{key}={value}: "):
        ImageFolder(tmp_path, **{key: value})


def test_fractions_leave_something(tmp_path):
    with pytest.raises(
        GenzooError, match=r"data.validation_fraction=0.5 and data.test_fraction=0.5 leave no training images"
    ):
        ImageFolder(tmp_path, validation_fraction=0.5, test_fraction=0.5)
