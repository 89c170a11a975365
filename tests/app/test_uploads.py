"""Uploaded images: size, colour, levels, and files that are refused."""

import numpy as np
import pytest
import torch
from PIL import Image

from genzoo.app.uploads import uploaded
from genzoo.core.batches import DataSpec
from genzoo.core.errors import GenzooError

COLOUR, GREY = DataSpec("photos", (3, 4, 4)), DataSpec("digits", (1, 4, 4))


@pytest.fixture
def save(tmp_path):
    """A function that saves a picture and returns its path."""

    def save(picture, name="a.png"):
        picture.save(tmp_path / name)
        return tmp_path / name

    return save


def test_the_central_square_is_kept(save):
    levels = np.zeros((4, 8), np.uint8)
    levels[:, 2:6] = np.arange(16).reshape(4, 4) * 10
    image = uploaded(save(Image.fromarray(levels)), GREY)
    assert torch.allclose(image, torch.tensor(levels[:, 2:6]).float()[None] / 127.5 - 1, atol=1e-6)


def test_grey_becomes_colour_and_colour_grey(save):
    white, red = Image.new("L", (9, 9), 255), Image.new("RGB", (9, 9), (255, 0, 0))
    assert torch.equal(uploaded(save(white), COLOUR), torch.ones(3, 4, 4))
    assert uploaded(save(red), GREY).unique().item() == pytest.approx(76 / 127.5 - 1)  # 0.299 of 255


def test_pixels_of_binary_data_are_black_or_white(save):
    levels = np.array([[127, 128], [0, 255]], np.uint8)
    image = uploaded(save(Image.fromarray(levels)), DataSpec("binary", (1, 2, 2), levels=2))
    assert image.flatten().tolist() == [-1, 1, -1, 1]


def test_what_is_no_image_is_one_line(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n" + bytes(100))
    with pytest.raises(GenzooError, match=r"^a\.pdf: this is no image, .*; give a PNG or JPEG file\.$"):
        uploaded(tmp_path / "a.pdf", GREY)


@pytest.mark.parametrize("side", [7000, 20_000])
def test_too_many_pixels_are_one_line(save, side):
    path = save(Image.new("1", (side, side)))
    with pytest.raises(GenzooError, match=r"^a\.png: (it has 7000 x 7000 pixels; at most 40 million|this is no image)"):
        uploaded(path, GREY)


def test_a_damaged_image_is_one_line(save):
    path = save(Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 50), np.uint8)))
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(GenzooError, match=r"^a\.png: it cannot be read \(.*\); give another image\.$"):
        uploaded(path, GREY)
