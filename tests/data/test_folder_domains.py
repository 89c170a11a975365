"""Two subfolders as domains: the layouts, partners, splits, and what is refused."""

import numpy as np
import pytest
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.data.folder_domains import FolderDomains
from support.sets import noise, write_domains

PHOTOS, MASKS = "photo", "mask"


def write(path, seed=0, size=(20, 20)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise(seed, *size[::-1], 3)).save(path)


def read(root, **settings):
    data = FolderDomains(root, size=20, **{"domains": [PHOTOS, MASKS], **settings})
    data.setup()
    return data


def test_partners_have_the_same_name_in_both_domains(tmp_path):
    write_domains(tmp_path)
    data = read(tmp_path, validation_fraction=0.25)
    assert data.spec.domains == (PHOTOS, MASKS)
    assert [data.count(split) for split in ("train", "validation", "test")] == [30, 10, 5]
    for split, folder in (("train", "train"), ("validation", "train"), ("test", "test")):
        images, *_, target, _ = data.split(split)
        names = [path.stem for path in data.folders[0].paths()[split]]
        for name, image, partner in zip(names, images, target, strict=True):
            for domain, levels in ((PHOTOS, image), (MASKS, partner)):
                there = np.asarray(Image.open(tmp_path / folder / domain / f"{name}.png"))
                assert (levels.permute(1, 2, 0).numpy() == there).all()


def test_the_domains_order_is_that_of_the_setting(tmp_path):
    write_domains(tmp_path)
    one, other = read(tmp_path), read(tmp_path, domains=[MASKS, PHOTOS], target_channels=1)

    def mean_levels(images):
        return sorted(images.float().mean((1, 2, 3)).tolist())

    assert mean_levels(other.split("test").images) == mean_levels(one.domain(MASKS, "test").images)
    assert other.domain(PHOTOS, "test").images.shape == (5, 1, 20, 20)
    assert read(tmp_path, domains=None).spec.domains == (MASKS, PHOTOS)  # alphabetical


def test_letters_of_splits_are_domains_and_need_no_partners(tmp_path):
    for i in range(12):
        write(tmp_path / "trainA" / f"{i}.png", i)
    for i in range(4):
        write(tmp_path / "trainB" / f"x{i}.jpg", i)
        write(tmp_path / "testA" / f"{i}.png", i)
        write(tmp_path / "testB" / f"{i}.png", 40 + i)
    data = FolderDomains(tmp_path, size=20, paired=False, validation_fraction=0)
    data.setup()
    assert data.spec.domains == ("A", "B")
    assert data.describe() == "training images: 12 A, 4 B"
    assert {name: len(pool.images) for name, pool in data.pools().items()} == {"train": 12, "A": 12, "B": 4}
    paired = FolderDomains(tmp_path, size=20, paired=False)
    assert not paired.are_partners("test")


def test_names_without_their_endings_and_subfolders_make_partners(tmp_path):
    for i in range(4):
        write(tmp_path / PHOTOS / f"{i % 2}" / f"{i // 2}.png", i)
        write(tmp_path / MASKS / f"{i % 2}" / f"{i // 2}.bmp", 9 + i)
    data = read(tmp_path, test_fraction=0.5, validation_fraction=0)
    assert (data.count("train"), data.count("test")) == (2, 2)
    a, b = (folder.paths()["test"] for folder in data.folders)
    assert [path.with_suffix("").parts[1:] for path in a] == [path.with_suffix("").parts[1:] for path in b]


def test_an_image_without_partner_is_named_in_either_domain(tmp_path):
    write_domains(tmp_path)
    (tmp_path / "train" / MASKS / "7.png").unlink()
    with pytest.raises(GenzooError, match=r"train/photo/7\.png has no partner of its name in mask \(1 such images\)"):
        read(tmp_path)
    (tmp_path / "train" / PHOTOS / "7.png").unlink()
    (tmp_path / "test" / PHOTOS / "1.png").unlink()
    with pytest.raises(GenzooError, match=r"test/mask/1\.png has no partner of its name in photo"):
        read(tmp_path)
    assert read(tmp_path, paired=False).count("test") == 4


def test_partners_of_different_size_are_refused(tmp_path):
    write_domains(tmp_path)
    write(tmp_path / "test" / MASKS / "3.png", size=(30, 20))
    with pytest.raises(
        GenzooError, match=r"test/photo/3\.png has \(20, 20\) pixels .* test/mask/3\.png has \(30, 20\)"
    ):
        read(tmp_path)


def test_sizes_are_those_of_upright_images(tmp_path):
    write_domains(tmp_path)
    turned = Image.Exif()
    turned[0x0112] = 6  # to be shown turned by 90 degrees
    (tmp_path / "test" / PHOTOS / "3.png").unlink()
    Image.fromarray(noise(0, 30, 20, 3)).save(tmp_path / "test" / PHOTOS / "3.jpg", exif=turned)
    write(tmp_path / "test" / MASKS / "3.png", size=(30, 20))
    assert read(tmp_path).count("test") == 5


def test_palettes_are_colours_of_their_domain(tmp_path):
    write_domains(tmp_path)
    data = read(tmp_path, target_channels=1, palette={MASKS: [[0], [255]]})
    assert data.palettes[MASKS].tolist() == [[0], [255]]
    for palette, message in (
        ({MASKS: [[0, 0, 0], [255, 255, 255]]}, r"data\.palette\.mask=\[\[0, 0, 0\], \[255, 255, 255\]\]: two or more"),
        (
            {MASKS: [[0]]},
            r"data\.palette\.mask=\[\[0\]\]: two or more colours are needed, each of 1 ",
        ),
        ({MASKS: [[0], [256]]}, r"data\.palette\.mask="),
        ({"masks": [[0], [255]]}, r"no domain masks\. Did you mean 'mask'\?"),
    ):
        with pytest.raises(GenzooError, match=message):
            read(tmp_path, target_channels=1, palette=palette)


def test_there_must_be_two_domains(tmp_path):
    write_domains(tmp_path)
    with pytest.raises(GenzooError, match=r"no domain masks\. Did you mean 'mask'\?"):
        read(tmp_path, domains=[PHOTOS, "masks"])
    with pytest.raises(GenzooError, match=r"two subfolders of images are needed, the domains; it has mask, photo\.$"):
        read(tmp_path, domains=[PHOTOS, PHOTOS])
    write(tmp_path / "train" / "third" / "0.png")
    with pytest.raises(GenzooError, match=r"it has mask, photo, third\.$"):
        read(tmp_path)
    write(tmp_path / "alone" / "0.png")
    with pytest.raises(GenzooError, match=r"it has none that hold all images\.$"):
        read(tmp_path / "alone")
