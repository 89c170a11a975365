"""Directions of the data's attributes."""

from pathlib import Path

import pytest
import torch

from genzoo.app import codes_of, data_attributes
from genzoo.app.explored import Explored
from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import Decodes, Encodes
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.data.module import ImageData
from support.decoders import Affine

LEVELS = torch.randint(256, (60, 1, 3, 3), generator=torch.Generator().manual_seed(1)).to(torch.uint8)
LABELS = torch.arange(60) % 3 - 1  # a third of them unknown
WIDTHS = torch.arange(60.0).square()


class Labelled(ImageData):
    """Images of two classes, with a width each."""

    name = "labelled"

    def __init__(self):
        super().__init__(size=3, channels=1, levels=256, classes=2, factors=("width", "hue"))

    def load(self):
        found = ImageSet(LEVELS, LABELS, torch.stack([WIDTHS, torch.ones(60)], 1))
        return dict.fromkeys(("train", "validation", "test"), found)


@pytest.fixture
def model():
    return Explored(Affine((Decodes, Encodes)), Labelled(), "a model", Path())


def test_classes_and_factors_are_offered(model):
    assert data_attributes.names(model) == ["class 0", "class 1", "width", "hue"]


@pytest.mark.parametrize(
    ("name", "having", "without"),
    [("class 1", LABELS == 1, LABELS == 0), ("width", WIDTHS.mean() < WIDTHS, WIDTHS.mean() >= WIDTHS)],
)
def test_the_direction_leads_from_the_mean_code_of_the_others_to_theirs(model, name, having, without):
    codes = model.module.encode(from_levels(LEVELS, 256))
    expected = codes[having].mean(0) - codes[without].mean(0)
    torch.testing.assert_close(data_attributes.direction(model, name), expected)


def test_an_attribute_in_which_all_are_alike_is_one_line(model):
    with pytest.raises(GenzooError, match=r"^hue: all images are alike in it; choose another attribute\.$"):
        data_attributes.direction(model, "hue")


def test_without_an_encoder_codes_are_searched_for(model, monkeypatch):
    monkeypatch.setattr(codes_of, "SEARCH", 300)
    searched = Explored(Affine((Decodes,)), Labelled(), "a model", Path())
    images = model.module.decode(torch.tensor([[0.5, -0.3], [-0.2, 0.4]]))
    expected = model.module.solve(images)
    torch.testing.assert_close(codes_of.codes_of(searched, images), expected, atol=0.02, rtol=0.0)
    torch.testing.assert_close(codes_of.codes_of(model, images), expected + 0.1)
