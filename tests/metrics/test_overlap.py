"""The overlap of volumes with solids: by hand, and of models that know or ignore the picture."""

import pytest
import torch

from genzoo.core.capabilities import SamplesGiven
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.inference import Inference
from genzoo.data.pictured_solids import PicturedSolids
from genzoo.metrics.overlap import Overlap, iou


class Answers(Inference):
    """Draws the same volumes for whatever pictures."""

    def __init__(self, volumes):
        super().__init__()
        self.volumes, self.asked = volumes, []

    def capabilities(self):
        return frozenset({SamplesGiven})

    def sample_given(self, given, generator=None):
        self.asked.append(given["picture"])
        return self.volumes


@pytest.fixture(scope="module")
def data():
    return PicturedSolids(n_train=4, n_validation=0, n_test=12)


def test_of_cells_counted_by_hand():
    a, b = -torch.ones(3, 1, 2, 2, 2), -torch.ones(3, 1, 2, 2, 2)
    a[0, 0, 0] = b[0, 0, :, 0] = 0.1  # 4 cells each, 2 in common
    b[1, 0, 0, 0, 0] = 1
    assert iou(a, b).tolist() == pytest.approx([2 / 6, 0, 1])


def test_the_right_volumes_overlap_wholly_and_others_do_not(data):
    test = data.split("test")
    right = from_levels(test.images, 2)
    model = Answers(right)
    found = Overlap(columns=3)(model, data, "test")
    assert found.values["iou"] == 1
    occupied = [x.bool() for x in test.images]
    pairs = [(a, occupied[i - 1]) for i, a in enumerate(occupied)]
    expected = sum(((a & b).sum() / (a | b).sum()).item() for a, b in pairs) / 12
    assert found.values["iou_shuffled"] == pytest.approx(expected)
    assert torch.equal(model.asked[0], test.given["picture"])
    assert Overlap()(Answers(-right), data, "test").values["iou"] == 0
    assert found.protocol["volumes"] == 12
    assert found.pictures["rebuilt"].height > 3 * 96


def test_the_first_volumes_of_the_split_are_taken(data):
    right = from_levels(data.split("test").images[:5], 2)
    found = Overlap(images=5)(Answers(right), data, "test")
    assert (found.values["iou"], found.protocol["volumes"]) == (1, 5)


def test_an_empty_split_has_none(data):
    assert Overlap()(Answers(None), data, "validation").values == {}


@pytest.mark.parametrize("key", ["images", "columns"])
def test_settings_are_checked(key):
    with pytest.raises(GenzooError, match=rf"^metrics\.overlap\.{key}=0: a positive integer"):
        Overlap(**{key: 0})
