import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, Grayscale, PILToTensor, Resize

from genzoo.core.errors import GenzooError
from genzoo.data.celeba import CelebA
from genzoo.data.celeba_lists import NAMES, read_partition
from support import loaded
from support.sets import CELEBA_PARTS, CELEBA_PRESENT, celeba_picture, write_celeba, write_celeba_lists

SPLITS = {
    "train": ["000002.jpg", "000004.jpg", "000005.jpg"],
    "validation": ["000003.jpg"],
    "test": ["000001.jpg"],
}


@pytest.fixture
def root(tmp_path):
    write_celeba(tmp_path)
    return tmp_path


def image_of(root, file):
    return Image.open(root / "celeba" / "img_align_celeba" / file)


def kept(root):
    return sorted((root / "celeba").glob("decoded-*"))


def test_the_official_partition_with_its_attributes(root):
    data = CelebA(root)
    splits = loaded(data)
    assert data.source == "official"
    assert data.spec.classes == 0
    assert data.spec.factors == NAMES
    crop = Compose([CenterCrop(108), Resize(64), PILToTensor()])
    for name, files in SPLITS.items():
        images, labels, factors, *_ = splits[name]
        assert labels.tolist() == [-1] * len(files)
        assert factors.dtype == torch.float32
        assert factors.tolist() == [CELEBA_PRESENT[file].tolist() for file in files]
        assert torch.equal(images, torch.stack([crop(image_of(root, file)) for file in files]))


@pytest.mark.parametrize(
    ("size", "crop", "channels"), [(64, 108, 1), (32, 148, 3), (64, 178, 3), (128, 178, 1), (9, 9, 3)]
)
def test_crop_and_size_are_torchvisions(root, size, crop, channels):
    steps = [*([Grayscale()] if channels == 1 else []), CenterCrop(crop), Resize(size), PILToTensor()]
    found = CelebA(root, size=size, channels=channels, crop=crop).split("test").images[0]
    assert found.shape == (channels, size, size)
    assert torch.equal(found, Compose(steps)(image_of(root, "000001.jpg")))


def test_the_crop_is_the_middle_to_the_pixel(root):
    x, y = np.meshgrid(np.arange(178), np.arange(218))
    coded = Image.fromarray(np.stack([x, y, 0 * x], -1).astype(np.uint8))
    path = root / "celeba" / "img_align_celeba" / "000001.jpg"
    coded.save(path, format="png")  # without JPEG's loss; Pillow goes by the content
    red, green, _ = CelebA(root, size=108).split("test").images[0]
    # (178 - 108) / 2 = 35 columns and (218 - 108) / 2 = 55 rows are cut off each side.
    assert red.tolist() == [list(range(35, 143))] * 108
    assert green.T.tolist() == [list(range(55, 163))] * 108


def test_the_lists_need_not_be_in_order(root):
    before = loaded(CelebA(root))
    by_part = dict(sorted(CELEBA_PARTS.items(), key=lambda item: -item[1]))
    write_celeba_lists(root / "celeba", parts=by_part, present=dict(reversed(CELEBA_PRESENT.items())))
    after = loaded(CelebA(root))
    for split in SPLITS:
        assert torch.equal(before[split].images, after[split].images)
        assert torch.equal(before[split].factors, after[split].factors)


def test_within_a_part_the_order_is_that_of_the_list(tmp_path):
    path = tmp_path / "list_eval_partition.txt"
    path.write_text("".join(f"{i:06}.jpg {i % 3}\n" for i in range(1000)))
    files, parts = read_partition(path)
    assert files == [f"{i:06}.jpg" for part in range(3) for i in range(part, 1000, 3)]
    assert parts == [334, 333, 333]


def test_names_are_the_forty_of_the_official_list():
    assert len(NAMES) == len(set(NAMES)) == 40
    assert list(NAMES) == sorted(NAMES)
    assert [NAMES[i] for i in (0, 15, 20, 31, 39)] == ["5_o_Clock_Shadow", "Eyeglasses", "Male", "Smiling", "Young"]


# What was decoded is kept.


def test_decoded_images_are_kept_and_used(root, monkeypatch):
    before = loaded(CelebA(root))
    (file,) = kept(root)
    assert file.name.endswith(".npy")
    assert not list((root / "celeba").glob(".*")), "a partial file is left"
    monkeypatch.setattr(CelebA, "_read", lambda *_: pytest.fail("decoded again"))
    after = loaded(CelebA(root))
    for split in SPLITS:
        assert torch.equal(before[split].images, after[split].images)
    after["train"].images.zero_()  # is the run's own
    assert torch.equal(loaded(CelebA(root))["train"].images, before["train"].images)


@pytest.mark.parametrize("setting", [{"size": 32}, {"crop": 148}, {"channels": 1}])
def test_other_settings_are_decoded_anew(root, setting):
    fresh = CelebA(root, **setting).split("train").images
    (file,) = kept(root)
    file.unlink()
    CelebA(root).setup()
    assert torch.equal(CelebA(root, **setting).split("train").images, fresh)
    assert len(kept(root)) == 2


@pytest.mark.parametrize("change", ["image", "number", "partition"])
def test_other_files_are_decoded_anew(root, change):
    CelebA(root).setup()
    parts = dict(CELEBA_PARTS)
    if change == "image":
        celeba_picture(77).save(root / "celeba" / "img_align_celeba" / "000002.jpg", quality=50)
    elif change == "number":
        del parts["000005.jpg"]
    else:
        parts["000001.jpg"], parts["000002.jpg"] = 0, 2
    write_celeba_lists(root / "celeba", parts=parts)
    found = CelebA(root).split("train").images
    crop = Compose([CenterCrop(108), Resize(64), PILToTensor()])
    files = [file for file, part in parts.items() if part == 0]
    assert torch.equal(found, torch.stack([crop(image_of(root, file)) for file in files]))


@pytest.mark.parametrize("content", [b"", b"other", None])
def test_a_damaged_copy_is_decoded_anew(root, content):
    before = CelebA(root).split("train").images.clone()
    (file,) = kept(root)
    file.write_bytes(file.read_bytes()[:-1] if content is None else content)
    assert torch.equal(CelebA(root).split("train").images, before)
    assert np.load(file).shape == (5, 3, 64, 64)


def test_a_folder_that_cannot_be_written_is_no_disaster(root, caplog, monkeypatch):
    def refuse(self, *arguments, **options):
        if "decoded" in self.name:
            raise PermissionError(13, "Permission denied", str(self))
        return open(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    assert len(CelebA(root).split("train").images) == 3
    assert not kept(root)
    (message,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "cannot be stored" in message
    assert "Permission denied" in message
    assert "\n" not in message


# What is missing or damaged.


@pytest.mark.parametrize("missing", ["list_attr_celeba.txt", "list_eval_partition.txt", "img_align_celeba"])
def test_what_is_missing_is_named(root, missing):
    (root / "celeba" / missing).rename(root / "elsewhere")
    (root / "celeba-64").mkdir()  # must not stand in for half a set
    with pytest.raises(GenzooError, match=rf"data=celeba: {missing}: not in {root}/celeba, ") as caught:
        loaded(CelebA(root))
    assert "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_images_are_counted(root):
    for file in ("000002.jpg", "000004.jpg"):
        (root / "celeba" / "img_align_celeba" / file).unlink()
    with pytest.raises(GenzooError, match=r"2 of 5 images that list_eval_partition.txt .* such as 000002.jpg; unpack"):
        loaded(CelebA(root))


def test_images_of_another_size_are_named(root):
    celeba_picture(0).resize((89, 109)).save(root / "celeba" / "img_align_celeba" / "000003.jpg")
    with pytest.raises(
        GenzooError, match=r"data=celeba: 1 of 5 files cannot be read: .*000003.jpg \(.*Unpack"
    ) as caught:
        loaded(CelebA(root))
    assert "89 x 109 pixels, not 178 x 218" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not kept(root)


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("list_eval_partition.txt", "", "it lists no images"),
        ("list_eval_partition.txt", "000001.jpg 3\n", "not 0, 1 and 2"),
        ("list_eval_partition.txt", "000001.jpg,0\n", "ValueError"),
        ("list_attr_celeba.txt", "1\n", "it lists no images"),
        ("list_attr_celeba.txt", "1\n" + " ".join(NAMES) + "\n000001.jpg 1 -1\n", "ValueError"),
        ("list_attr_celeba.txt", "1\n" + " ".join(NAMES) + "\n000001.jpg" + " 0" * 40, "not -1 and 1"),
        ("list_attr_celeba.txt", "1\n" + " ".join(NAMES) + "\n000001.jpg" + " 1" * 40, "000002.jpg is not in it"),
        ("list_attr_celeba.txt", "1\n" + " ".join(NAMES[::-1]) + "\n000001.jpg" + " 1" * 40, "does not name the 40"),
        ("list_attr_celeba.txt", b"\xff\xfe\x00", "UnicodeDecodeError"),
    ],
)
def test_damaged_lists_are_named(root, file, content, why):
    (root / "celeba" / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(
        GenzooError, match=rf"{file} is damaged \(.*{why}.*\); replace it by the file of https"
    ) as caught:
        loaded(CelebA(root))
    assert "\n" not in str(caught.value)
    assert not kept(root), "images were decoded before the lists were read"


# The stand-in.


@pytest.fixture
def small(tmp_path):
    """Forty small faces as some have them, and attributes of more."""
    folder = tmp_path / "celeba-64"
    folder.mkdir()
    for i in range(40):
        Image.fromarray(np.full((64, 64, 3), (6 * i, i, 255 - i), np.uint8)).save(folder / f"{i + 1:06}.png")
    rows = (np.random.RandomState(0).rand(100, 40) < 0.5).astype(np.uint8)
    np.savez(folder / "attributes.npz", attributes=rows, attribute_names=np.array(NAMES))
    return tmp_path, rows


@pytest.mark.parametrize(("size", "channels"), [(64, 3), (32, 3), (64, 1)])
def test_small_faces_stand_in(small, caplog, size, channels):
    root, rows = small
    data = CelebA(root, size=size, channels=channels)
    splits = loaded(data)
    assert data.source == "celeba-64"
    (message,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "NOT CELEBA'S IMAGES AND PARTITION but the 40 small faces" in message
    assert "36 train, 2 validation, 2 test" in message
    assert "not comparable with the literature" in message
    assert "\n" not in message
    assert [len(splits[name].images) for name in ("train", "validation", "test")] == [36, 2, 2]
    images = torch.cat([split.images for split in splits.values()])
    assert images.shape == (40, channels, size, size)
    if channels == 3:
        assert images[:, 0].flatten(1).unique(dim=1).flatten().tolist() == [6 * i for i in range(40)]
        assert images[7, :, 0, 0].tolist() == [42, 7, 248]
    assert torch.cat([split.factors for split in splits.values()]).tolist() == rows[:40].tolist()


def test_attributes_go_by_the_number_in_the_name(small):
    root, rows = small
    for i in (1, 2, 30):
        (root / "celeba-64" / f"{i:06}.png").unlink()
    train = loaded(CelebA(root))["train"]
    assert train.factors[0].tolist() == rows[2].tolist()
    assert train.images[0, :, 0, 0].tolist() == [12, 2, 253]
    assert len(train.images) == 34  # 37 less a tenth


def test_official_files_come_before_the_stand_in(root, small):
    data = CelebA(root)
    assert len(loaded(data)["train"].images) == 3
    assert data.source == "official"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"attributes": np.zeros((39, 40))}, "IndexError"),
        ({"attribute_names": np.array(NAMES[::-1])}, "not the 40 attributes"),
        (None, "BadZipFile|ValueError"),
        ("missing", "FileNotFoundError"),
    ],
)
def test_damaged_attributes_of_the_stand_in_are_named(small, change, why):
    root, rows = small
    path = root / "celeba-64" / "attributes.npz"
    if change is None:
        path.write_bytes(b"PK\3\4 and so on")
    elif change == "missing":
        path.unlink()
    else:
        np.savez(path, **{"attributes": rows, "attribute_names": np.array(NAMES)} | change)
    with pytest.raises(GenzooError, match=rf"attributes.npz is damaged \(.*({why}).*\); replace it\.") as caught:
        loaded(CelebA(root))
    assert "\n" not in str(caught.value)


def test_broken_small_faces_are_named(small):
    root, _ = small
    (root / "celeba-64" / "000009.png").write_bytes(b"")
    with pytest.raises(GenzooError, match=r"1 of 40 files cannot be read: .*000009.png"):
        loaded(CelebA(root))


@pytest.mark.parametrize("crop", [0, 179, 108.5, "all"])
def test_crop_is_checked(tmp_path, crop):
    with pytest.raises(GenzooError, match=f"data.crop={crop}: an integer from 1 to 178"):
        CelebA(tmp_path, crop=crop)


def test_other_channels_than_grey_and_colour_are_refused(tmp_path):
    with pytest.raises(GenzooError, match=r"data.channels=2: 1 \(grey\) or 3"):
        CelebA(tmp_path, channels=2)
