import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from genzoo.core.pictures import picture, save_animation, save_picture


def flat(values, channels=1, size=64):
    """One image a value, constant in all pixels."""
    return torch.tensor(values).view(-1, 1, 1, 1).expand(-1, channels, size, size)


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_images_lie_row_by_row_with_gaps_between(channels, mode):
    sheet = picture(flat([-1.0, 0.0, 1.0, -1.0, 1.0], channels), columns=3)
    assert sheet.mode == mode
    assert sheet.size == (2 + 3 * 66, 2 + 2 * 66)
    pixels = np.array(sheet).reshape(134, 200, channels)
    for i, level in enumerate([0, 128, 255, 0, 255]):
        top, left = 2 + 66 * (i // 3), 2 + 66 * (i % 3)
        assert (pixels[top : top + 64, left : left + 64] == level).all()
        pixels[top : top + 64, left : left + 64] = 128
    assert (pixels == 128).all()  # gaps and the place of the sixth


def test_colours_and_directions_are_kept():
    image = torch.full((1, 3, 64, 64), -1.0)
    image[0, 0, 10, 20] = 1
    pixels = np.array(picture(image, columns=1))
    assert pixels[12, 22].tolist() == [255, 0, 0]
    assert pixels[2:-2, 2:-2].sum() == 255


@pytest.mark.parametrize(("size", "zoom"), [(4, 16), (28, 2), (32, 2), (33, 1), (128, 1)])
def test_small_images_are_enlarged_without_blur(size, zoom):
    checks = (torch.arange(size)[:, None] + torch.arange(size)) % 2 * 2.0 - 1
    sheet = np.array(picture(checks[None, None], columns=1))
    assert sheet.shape == (zoom * (size + 4),) * 2
    assert (sheet[2 * zoom : -2 * zoom : zoom, 2 * zoom : -2 * zoom : zoom] == (checks > 0).numpy() * 255).all()
    assert set(np.unique(sheet)) == {0, 128, 255}


@pytest.mark.parametrize("channels", [1, 3])
def test_names_stand_in_a_margin_at_the_left_of_their_rows(channels):
    images = flat([1.0, 1.0, -1.0, -1.0], channels)
    bare, named = picture(images, 2), picture(images, 2, ["", "a long name"])
    margin = named.width - bare.width
    assert margin > 20
    assert named.height == bare.height
    pixels = np.array(named.convert("L"))
    assert (pixels[:, margin:] == np.array(bare.convert("L"))).all()
    first, second = pixels[: named.height // 2, :margin], pixels[named.height // 2 :, :margin]
    assert (first == 255).all()
    assert (second < 128).any()
    assert (second[:, :3] == 255).all()  # the name is not cut off


def test_a_longer_name_gets_a_wider_margin():
    images = flat([0.0])
    assert picture(images, 1, ["a" * 30]).width > picture(images, 1, ["a"]).width


@pytest.mark.parametrize(("channels", "size"), [(1, 64), (3, 28), (1, 128)])
def test_captions_stand_under_their_own_images_which_stay_whole(channels, size):
    zoom = max(1, 64 // size)
    images = flat([-1.0, 1.0, 1.0, -1.0, 1.0], channels, size)
    sheet = picture(images, 3, captions=["seed 12", "", "± 0.25", "mean", ""])
    pixels = np.array(sheet.convert("L"))
    pitch = (len(pixels) - 2 * zoom) // 2
    side, strip = size * zoom, pitch - (size + 2) * zoom
    assert strip >= 14
    for i, level in enumerate([0, 255, 255, 0, 255]):
        top, left = 2 * zoom + pitch * (i // 3), (2 + (size + 2) * (i % 3)) * zoom
        assert (pixels[top : top + side, left : left + side] == level).all()
        pixels[top : top + side, left : left + side] = 128
        beneath = pixels[top + side : top + side + strip, left : left + side]
        assert (beneath < 60).any() == (i in (0, 2, 3))
        assert (beneath[[0, -1]] == 128).all()  # the text is not cut off
        pixels[top + side : top + side + strip, left : left + side] = 128
    assert (pixels == 128).all()  # nothing is written elsewhere


def test_captions_and_row_names_go_together():
    images = flat([1.0, 1.0])
    both, bare = picture(images, 1, ["one", "two"], ["1", "2"]), picture(images, 1, captions=["1", "2"])
    assert both.height == bare.height
    assert (np.array(both)[:, -bare.width :] == np.array(bare)).all()


def test_a_saved_picture_is_read_back_whole(tmp_path):
    sheet = picture(flat([0.3, -0.3]), 2)
    save_picture(sheet, tmp_path / "new" / "a.png")
    with Image.open(tmp_path / "new" / "a.png") as found:
        assert found.format == "PNG"
        assert (np.array(found) == np.array(sheet)).all()


def test_an_animation_shows_each_frame_and_the_last_for_two_seconds(tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for path, value in zip(paths, (-1.0, 0.0, 1.0), strict=True):
        save_picture(picture(flat([value]), 1), path)
    save_animation(paths, tmp_path / "film.gif", milliseconds=150)
    with Image.open(tmp_path / "film.gif") as film:
        assert film.info["loop"] == 0
        frames = [(f.info["duration"], f.convert("L").getpixel((30, 30))) for f in ImageSequence.Iterator(film)]
    assert frames == [(150, 0), (150, 128), (2000, 255)]


def test_an_animation_of_one_picture_is_that_picture(tmp_path):
    save_picture(picture(flat([1.0]), 1), tmp_path / "a.png")
    save_animation([tmp_path / "a.png"], tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == 1
        assert film.convert("L").getpixel((30, 30)) == 255


@pytest.mark.parametrize("rows", [None, ["a row", "another"]])
def test_names_stand_above_their_columns(rows):
    images = torch.zeros(6, 1, 64, 64)
    plain, named = picture(images, 3, rows), picture(images, 3, rows, column_names=["I", "", "I"])
    assert named.size == (plain.width, plain.height + 16)
    assert named.crop((0, 16, *named.size)).tobytes() == plain.tobytes()
    dark = (np.array(named.convert("L"))[:16] < 128).any(0).nonzero()[0]
    middles = plain.width - 2 - np.array([2.5, 0.5]) * 66
    assert {int(np.abs(middles - x).argmin()) for x in dark} == {0, 1}
    assert all(np.abs(middles - x).min() < 4 for x in dark)


def test_long_names_of_columns_are_written_small():
    pixels = np.array(picture(torch.zeros(2, 1, 64, 64), 2, column_names=["reconstruction", "of the image"]))
    assert (pixels[:16, 64:68] == 255).all()  # a gap between both
