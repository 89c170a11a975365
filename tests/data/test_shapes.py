import colorsys
import math

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.shapes import FACTORS, KINDS, Shapes, draw

KIND, COLOUR, SIZE, X, Y, ANGLE = range(6)


@pytest.fixture(scope="module")
def data():
    shapes = Shapes(n_train=400, n_validation=20, n_test=20)
    shapes.setup()
    return shapes


def mask(images):
    """How much of each pixel is covered, (N, H, W) in [0, 1]."""
    return images.amax(1).float() / 255


def test_the_spec_is_what_is_drawn(data):
    images, labels, factors, *_ = data.split("train")
    assert images.shape == (400, 3, 32, 32)
    assert images.dtype == torch.uint8
    assert factors.shape == (400, 6)
    assert data.spec.factors == ("kind", "colour", "size", "x", "y", "angle")
    assert data.spec.classes == len(KINDS)
    assert torch.equal(labels, factors[:, KIND].long())
    assert labels.unique().tolist() == list(range(len(KINDS)))


def test_factors_are_uniform_in_their_ranges_and_independent():
    factors = Shapes(size=1, n_train=20_000).split("train").factors
    for i, (low, high) in enumerate(FACTORS.values()):
        assert factors[:, i].min() >= low
        assert factors[:, i].max() <= high
        middle = (low + high) / 2 - (0.5 if i == KIND else 0)
        assert abs(factors[:, i].mean() - middle) < 0.02 * (high - low)
    correlation = torch.corrcoef(factors.T) - torch.eye(6)
    assert correlation.abs().max() < 0.03


def test_position_is_the_centroid(data):
    images, _, factors, *_ = data.split("train")
    cover = mask(images)
    pixels = (torch.arange(32) + 0.5) / 32
    total = cover.sum((1, 2))
    x, y = (cover.sum(1) @ pixels) / total, (cover.sum(2) @ pixels) / total
    assert (x - factors[:, X]).abs().max() * 32 < 0.3
    assert (y - factors[:, Y]).abs().max() * 32 < 0.3


def test_colour_is_the_hue(data):
    images, _, factors, *_ = data.split("train")
    for image, hue in zip(images, factors[:, COLOUR].tolist(), strict=True):
        brightest = image.flatten(1)[:, image.sum(0).flatten().argmax()] / 255
        found, saturation, value = colorsys.rgb_to_hsv(*brightest.tolist())
        assert abs((found - hue + 0.5) % 1 - 0.5) < 0.01
        assert saturation > 0.99
        assert value > 0.99


def test_area_is_that_of_the_kind_and_grows_with_size(data):
    images, labels, factors, *_ = data.split("train")
    unit = torch.tensor([2.0, math.pi * 0.55, math.sqrt(27) / 4, 2.0])  # areas at radius 1
    area = mask(images).sum((1, 2))
    expected = unit[labels] * (factors[:, SIZE] * 32) ** 2
    assert ((area - expected).abs() / expected).max() < 0.05


def test_size_bounds_the_shape(data):
    images, _, factors, *_ = data.split("train")
    pixels = (torch.arange(32) + 0.5) / 32
    distance = torch.hypot(
        pixels.view(1, 1, -1) - factors[:, X].view(-1, 1, 1), pixels.view(1, -1, 1) - factors[:, Y].view(-1, 1, 1)
    )
    reach = (distance * (mask(images) > 0.5)).amax((1, 2))
    assert (reach <= factors[:, SIZE] + 0.5 / 32).all()
    assert (reach >= factors[:, SIZE] - 2.5 / 32).all()
    for place in ("x", "y"):  # no shape is cut
        assert FACTORS["size"][1] <= min(FACTORS[place][0], 1 - FACTORS[place][1]) + 1e-9


def test_angle_turns_clockwise():
    angles = torch.linspace(0, math.pi / 2, 7)
    factors = torch.tensor([[1, 0.0, 0.3, 0.5, 0.5, 0.0]]).repeat(7, 1)
    factors[:, ANGLE] = angles
    cover = mask(draw(factors, 64))
    u = (torch.arange(64) - 31.5).view(1, 1, -1)
    v = u.transpose(1, 2)
    xx, yy, xy = ((cover * product).sum((1, 2)) for product in (u * u, v * v, u * v))
    axis = torch.atan2(2 * xy, xx - yy) / 2  # direction of an ellipse's long axis; y points down
    assert ((axis - angles + 0.5) % math.pi - 0.5).abs().max() < 0.02


def test_kinds_differ():
    factors = torch.tensor([[kind, 0.0, 0.3, 0.5, 0.5, 0.2] for kind in range(len(KINDS))])
    cover = mask(draw(factors, 64)).flatten(1)
    assert (torch.cdist(cover, cover, p=1) + 1e6 * torch.eye(4)).min() > 150


def test_edges_are_smooth(data):
    partial = (mask(data.split("train").images) * 255).round()
    share = ((partial > 0) & (partial < 255)).float().mean() / (partial > 0).float().mean()
    assert 0.1 < share < 0.7


def test_grey_shows_colour_as_brightness():
    images, _, factors, *_ = Shapes(channels=1, n_train=50).split("train")
    assert images.shape[1] == 1
    assert (images.amax((1, 2, 3)) / 255 - (0.3 + 0.7 * factors[:, COLOUR])).abs().max() < 0.01


def test_the_same_seed_gives_the_same_images(data):
    again = Shapes(n_train=400, n_validation=20, n_test=20, seed=5)
    for split in ("train", "validation", "test"):
        assert torch.equal(again.split(split).images, data.split(split).images)
    assert Shapes(n_train=400, shapes_seed=1).fingerprint() != data.fingerprint()


def test_splits_differ(data):
    a, b, c = (data.split(split).factors[:20] for split in ("train", "validation", "test"))
    assert not any(torch.equal(one, other) for one, other in ((a, b), (b, c), (a, c)))


def test_large_images_are_drawn_in_parts():
    factors = Shapes(size=8, n_train=300).split("train").factors
    alone = torch.cat([draw(f[None], 256) for f in factors[:3]])
    assert torch.equal(draw(factors, 256)[:3], alone)


@pytest.mark.parametrize(("key", "value"), [("n_train", 0), ("n_test", -1), ("n_validation", 1.5), ("size", 0)])
def test_settings_are_checked(key, value):
    with pytest.raises(GenzooError, match=f"data.{key}={value}: "):
        Shapes(**{key: value})


def test_binary_shapes_are_the_silhouettes_of_grey_ones():
    binary, grey = (Shapes(size=16, channels=1, n_train=20, levels=levels).split("train").images for levels in (2, 256))
    assert torch.equal(binary, (grey > 0).to(torch.uint8))
    assert set(binary.unique().tolist()) == {0, 1}


def test_other_numbers_of_levels_are_refused():
    with pytest.raises(GenzooError, match=r"data.levels=16: 256, or 2"):
        Shapes(levels=16)
