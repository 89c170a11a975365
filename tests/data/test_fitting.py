import numpy as np
import pytest
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.data.fitting import Fit
from genzoo.data.images import ImageFolder

LEFT, MIDDLE, RIGHT = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def thirds(upright=False):
    """Three squares of 8 pixels: red, green, blue."""
    pixels = np.repeat(np.array([[LEFT, MIDDLE, RIGHT]], np.uint8), 8, 0).repeat(8, 1)
    return Image.fromarray(pixels.swapaxes(0, 1) if upright else pixels)


def fitted(picture, size, fit):
    found = Fit(size, fit)(picture, "it")
    assert found.size == (size, size)
    return np.asarray(found)


@pytest.mark.parametrize("upright", [False, True])
def test_crop_keeps_the_middle(upright):
    assert (fitted(thirds(upright), 8, "crop") == MIDDLE).all()


@pytest.mark.parametrize("upright", [False, True])
def test_pad_keeps_everything_between_black_borders(upright):
    found = fitted(thirds(upright), 24, "pad")
    found = found.swapaxes(0, 1) if upright else found
    assert (found[:8] == 0).all()
    assert (found[16:] == 0).all()
    assert (found[8:16] == np.asarray(thirds())).all()


@pytest.mark.parametrize("upright", [False, True])
def test_stretch_scales_height_and_width_separately(upright):
    found = fitted(thirds(upright), 24, "stretch")
    found = found.swapaxes(0, 1) if upright else found
    assert [found[:, at].tolist() for at in (3, 12, 20)] == [[list(c)] * 24 for c in (LEFT, MIDDLE, RIGHT)]


@pytest.mark.parametrize("fit", [None, "crop", "pad", "stretch"])
def test_a_square_of_the_size_is_left_as_it_is(fit):
    pixels = np.random.randint(0, 256, (9, 9, 3)).astype(np.uint8)
    assert (fitted(Image.fromarray(pixels), 9, fit) == pixels).all()


def test_squares_of_one_size_need_no_choice():
    fit = Fit(4, None)
    for _ in range(2):
        assert fit(Image.new("L", (8, 8), 7), "it").getcolors() == [(16, 7)]


def test_others_are_refused_in_one_line_that_names_the_setting():
    with pytest.raises(GenzooError, match=r"^data.fit: a.png has 24 x 8 pixels, but .*set data.fit=crop .*pad .*stret"):
        Fit(8, None)(thirds(), "a.png")
    fit = Fit(8, None)
    fit(Image.new("L", (8, 8)), "a.png")
    with pytest.raises(GenzooError, match=r"^data.fit: b.png has 9 x 9 pixels, others 8 x 8, but .*set data.fit=crop"):
        fit(Image.new("L", (9, 9)), "b.png")


def test_an_unknown_fit():
    with pytest.raises(GenzooError, match=r"^data.fit=crp: unknown. Did you mean 'crop'"):
        Fit(8, "crp")


def test_a_folder_is_cropped_unless_another_way_is_chosen(tmp_path):
    thirds().save(tmp_path / "a.png")
    cropped, padded = (ImageFolder(tmp_path, 24, **more).split("train").images[0] for more in ({}, {"fit": "pad"}))
    assert cropped[1].min() > 100  # the filter mixes the colours at the border of the square
    assert padded[:, :8].max() == 0
    assert padded[0, 12, 2] == 255
    with pytest.raises(GenzooError, match=r"data.fit: a.png has 24 x 8 pixels"):
        ImageFolder(tmp_path, 24, fit=None, skip_broken=True).setup()
