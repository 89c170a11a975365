"""Shapes with boxes and key points: where drawings of many pixels are, and what is read from images."""

import pytest
import torch

from genzoo.data.captioned_shapes import CaptionedShapes
from genzoo.data.located_shapes import LocatedShapes
from genzoo.data.shape_outlines import extreme_points, outline_points
from genzoo.data.shapes import draw, uniform_factors

SMALL = {"n_train": 40, "n_validation": 0, "n_test": 60}
PIXELS = 256


@pytest.fixture(scope="module")
def shapes():
    data = LocatedShapes(**SMALL)
    data.setup()
    return data


def edges(image):
    """Left, upper, right and lower edge of the pixels that are at least half covered."""
    rows, columns = (image.amax(0) > 127).nonzero().T
    return [columns.min() / PIXELS, rows.min() / PIXELS, (columns.max() + 1) / PIXELS, (rows.max() + 1) / PIXELS]


def test_boxes_are_those_of_large_drawings(shapes):
    found = shapes.split("test")
    large = draw(found.factors, PIXELS)
    expected = torch.tensor([edges(image) for image in large])
    assert set(found.labels.tolist()) == {0, 1, 2, 3}
    # A pointed corner covers its last pixels by less than half.
    torch.testing.assert_close(found.given["box"], expected, rtol=0, atol=4 / PIXELS)
    assert (found.given["box"] - expected).mean(0).abs().max() < 2 / PIXELS


def test_key_points_are_the_centre_and_points_of_the_boxs_edges(shapes):
    found = shapes.split("test")
    points, box = found.given["points"], found.given["box"]
    assert points.shape == (60, 5, 3)
    assert (points[..., 2] == 1).all()
    assert torch.equal(points[:, 0, :2], found.factors[:, 3:5])
    of_edges = torch.stack([points[:, 1, 0], points[:, 3, 1], points[:, 2, 0], points[:, 4, 1]], 1)
    assert torch.equal(of_edges, box)


def test_extreme_points_lie_on_the_shapes():
    factors = uniform_factors(80, torch.Generator().manual_seed(0))
    large = draw(factors, PIXELS, channels=1)[:, 0]
    centre = factors[:, None, 3:5]
    within = centre + 0.97 * (extreme_points(factors) - centre)  # a little inside
    cells = (within * PIXELS).long()
    assert (large[torch.arange(80)[:, None], cells[..., 1], cells[..., 0]] > 0).all()
    radius = (outline_points(factors) - centre).norm(dim=2).amax(1)
    torch.testing.assert_close(radius, factors[:, 2], rtol=1e-4, atol=0)


def test_images_and_captions_are_those_of_captioned_shapes(shapes):
    plain = CaptionedShapes(**SMALL)
    plain.setup()
    for split in ("train", "test"):
        ours, theirs = shapes.split(split), plain.split(split)
        assert torch.equal(ours.images, theirs.images)
        assert torch.equal(ours.given["caption"], theirs.given["caption"])
    assert plain.spec.given == {"caption": (4, 64)}


def test_boxes_are_read_from_images(shapes):
    found = shapes.split("test")
    read = shapes.boxes(found.images)
    assert (read - found.given["box"]).abs().max() < 2 / 32
    assert shapes.boxes(torch.zeros(1, 3, 32, 32).byte()).isnan().all()
