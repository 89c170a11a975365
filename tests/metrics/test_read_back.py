"""Attributes read from images of a model that draws what is asked for, and of one that knows one kind."""

import pytest
import torch

from genzoo.core.capabilities import SamplesGiven
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.inference import Inference
from genzoo.core.text import to_sentences
from genzoo.data.captioned_shapes import CaptionedShapes
from genzoo.data.captions import understood
from genzoo.data.shapes import Shapes, draw
from genzoo.metrics.read_back import ReadBack


class Draws(Inference):
    """Draws a shape in the middle of each value's range; with ``always``, of that kind whatever is asked for."""

    device = torch.device("cpu")

    def __init__(self, always=None):
        super().__init__()
        self.always = always

    def capabilities(self):
        return frozenset({SamplesGiven})

    def sample_given(self, given, generator=None):
        assert given["caption"].shape[1:] == (1, 64)
        asked = understood(to_sentences(given["caption"][:, 0]))
        size, colour, kind, place = (v.clamp(min=0).float() for v in asked.values())
        kind = kind if self.always is None else torch.full_like(kind, self.always)
        row, column = (place // 3, place % 3)
        x, y = (0.3 + 0.4 * (2 * where + 1) / 6 for where in (column, row))
        factors = torch.stack([kind, colour / 8, 0.175 + 0.05 * size, x, y, torch.zeros(len(x))], 1)
        return from_levels(draw(factors, 32))


@pytest.fixture(scope="module")
def data():
    shapes = CaptionedShapes(n_train=20, n_validation=0, n_test=400)
    shapes.setup()
    return shapes


def test_a_model_that_draws_what_is_asked_for_has_all_attributes(data):
    found = ReadBack()(Draws(), data, "test")
    for name in ("size", "colour", "kind", "position"):
        assert found.values[f"read_back_{name}"] > 0.98
    assert found.values["read_back_all"] > 0.97
    assert found.values["read_back_new"] > 0.97
    assert found.values["read_back_real"] > 0.98
    assert found.values["read_back_shuffled"] < 0.4
    assert found.pictures.keys() == {"asked"}
    assert found.protocol["captions"] == 400
    assert 0 < found.protocol["new"] < 40


def test_a_model_that_always_draws_the_same_kind_lacks_the_others(data):
    found = ReadBack(images=300)(Draws(always=1), data, "test")
    asked = data.asked(data.split("test").at(slice(300)).given)["kind"]
    share = (asked[asked >= 0] == 1).float().mean().item()
    assert found.values["read_back_kind"] == pytest.approx(share, abs=0.03)
    assert found.values["read_back_colour"] > 0.98
    assert found.values["read_back_all"] < 0.6


def test_without_new_captions_there_is_no_value_of_them():
    shapes = CaptionedShapes(n_train=20, n_validation=0, n_test=40, unseen=[])
    shapes.setup()
    values = ReadBack()(Draws(), shapes, "test").values
    assert values["read_back"] > 0.95
    assert not [name for name in values if name.endswith("_new")]


def test_data_that_do_not_read_their_images_are_left_out():
    plain = Shapes(n_train=4, n_validation=0, n_test=4)
    plain.setup()
    assert ReadBack()(Draws(), plain, "test").values == {}


@pytest.mark.parametrize("settings", [{"images": 0}, {"rows": 0}, {"columns": 0}])
def test_numbers_out_of_range_are_refused(settings):
    (key,) = settings
    with pytest.raises(GenzooError, match=rf"^metrics\.read_back\.{key}=0: a positive integer"):
        ReadBack(**settings)
