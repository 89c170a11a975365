"""The distance of images from those in their style, of models whose style is known."""

import pytest
import torch

from genzoo.core.capabilities import TransfersStyle
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.data.captioned_shapes import CaptionedShapes
from genzoo.metrics.styles import Styles


class Grey(Inference):
    """Images of one grey level, the style; the style of an image is read with an error."""

    device = torch.device("cpu")

    def __init__(self, error=0.0):
        super().__init__()
        self.error, self.pairs = error, []

    def capabilities(self):
        return frozenset({TransfersStyle})

    def sample_given(self, given, generator=None):
        levels = torch.rand(len(given["caption"]), generator=generator) - 0.5
        return levels.view(-1, 1, 1, 1).expand(-1, 3, 16, 16)

    def sample_like(self, images, given):
        self.pairs.append((images, given["caption"]))
        return images.mean((1, 2, 3), keepdim=True).expand(-1, 3, 16, 16) + self.error


@pytest.fixture(scope="module")
def data():
    shapes = CaptionedShapes(size=16, n_train=8, n_validation=0, n_test=40)
    shapes.setup()
    return shapes


def test_the_distance_is_the_error_in_levels_and_larger_in_the_style_of_others(data):
    found = Styles(images=20)(Grey(0.1), data, "test")
    assert found.values["style_distance"] == pytest.approx(12.75, rel=1e-4)
    assert found.values["style_distance_shuffled"] > 25
    assert found.protocol["images"] == 20


def test_the_picture_has_each_style_with_each_caption(data):
    module = Grey()
    found = Styles(rows=3, columns=4)(module, data, "test")
    images, captions = module.pairs[-1]
    own = data.evaluation_images("test").images[:3].float() / 127.5 - 1
    torch.testing.assert_close(images, own.repeat_interleave(4, 0))
    assert torch.equal(captions, data.split("test").given["caption"][:4, :1].repeat(3, 1, 1))
    assert found.pictures["styles"].width > found.pictures["styles"].height  # 5 columns, 3 rows


def test_a_split_without_images_has_no_styles(data):
    found = Styles()(Grey(), data, "validation")
    assert (found.values, found.pictures) == ({}, {})


@pytest.mark.parametrize("setting", ["images", "rows", "columns"])
def test_numbers_are_positive(setting):
    with pytest.raises(GenzooError, match=rf"^metrics\.styles\.{setting}=0: "):
        Styles(**{setting: 0})
