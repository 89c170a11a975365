"""Boxes read from images of a model that draws in the box, of one that draws elsewhere, and of an empty one."""

import pytest
import torch

from genzoo.core.capabilities import SamplesGiven
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.data.captioned_shapes import CaptionedShapes
from genzoo.data.located_shapes import LocatedShapes
from genzoo.metrics.location import Location, distance, overlap


class Fills(Inference):
    """Fills the box asked for, moved to the right by a number of pixels of 32; with None, draws nothing."""

    device = torch.device("cpu")

    def __init__(self, moved=0):
        super().__init__()
        self.moved = moved

    def capabilities(self):
        return frozenset({SamplesGiven})

    def sample_given(self, given, generator=None):
        images = -torch.ones(len(given["box"]), 3, 32, 32)
        if self.moved is not None:
            for image, box in zip(images, (given["box"] * 32).round().long().tolist(), strict=True):
                left, top, right, bottom = box
                image[:, top:bottom, left + self.moved : right + self.moved] = 1
        return images


@pytest.fixture(scope="module")
def data():
    shapes = LocatedShapes(n_train=8, n_validation=0, n_test=100)
    shapes.setup()
    return shapes


def test_a_model_that_fills_the_box_is_right(data):
    values = Location()(Fills(), data, "test").values
    assert values["location_error"] < 0.02
    assert values["location_overlap"] > 0.9
    assert values["location_error_real"] < 0.03
    assert values["location_overlap_real"] > 0.8
    assert values["location_error_shuffled"] > 0.1
    assert values["location_overlap_shuffled"] < 0.5


def test_a_model_that_draws_beside_the_box_is_wrong_by_the_distance(data):
    found = Location(images=50)(Fills(moved=3), data, "test")
    assert found.values["location_error"] == pytest.approx(3 / 32, abs=0.02)
    assert found.protocol["images"] == 50


def test_empty_images_are_as_wrong_as_can_be(data):
    values = Location()(Fills(moved=None), data, "test").values
    assert (values["location_error"], values["location_overlap"]) == (1, 0)


def test_distances_and_overlaps_are_those_by_hand():
    one, other = torch.tensor([[0.0, 0.0, 0.4, 0.2]]), torch.tensor([[0.2, 0.1, 0.6, 0.3]])
    assert distance(one, other).item() == pytest.approx((0.2**2 + 0.1**2) ** 0.5)
    assert overlap(one, other).item() == pytest.approx(0.02 / (0.16 - 0.02))
    assert overlap(one, one + 0.5).item() == 0


def test_data_without_boxes_are_left_out():
    plain = CaptionedShapes(n_train=4, n_validation=0, n_test=4)
    plain.setup()
    assert Location()(Fills(), plain, "test").values == {}


def test_no_images_are_refused():
    with pytest.raises(GenzooError, match=r"^metrics\.location\.images=0: a positive integer"):
        Location(images=0)
