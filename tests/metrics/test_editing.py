"""Metrics of edited attributes: of the brightness of shapes, by edits that are known."""

from functools import partial

import numpy as np
import pytest
import torch

from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import EditsAttributes
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.inference import Inference
from genzoo.data.attribute_labels import AttributeLabels
from genzoo.data.by_attribute import ByAttribute
from genzoo.data.module import ImageData
from genzoo.data.shapes import Shapes
from genzoo.metrics.attribute_strips import AttributeStrips
from genzoo.metrics.edit_accuracy import EditAccuracy
from genzoo.metrics.edit_cycle import EditCycle


class Brightness(Inference):
    """Gives each shape one of two levels of grey."""

    device = torch.device("cpu")
    attributes = ("colour",)

    def __init__(self, dark=-0.2, bright=1.0):
        super().__init__()
        self.levels = dark, bright

    def capabilities(self):
        return frozenset({EditsAttributes})

    def edit(self, images, values):
        return torch.where(images > -0.9, self.levels[values["colour"]], -1.0)


def shapes(spec=None):
    return Shapes(size=16, channels=1, n_train=600, n_validation=0, n_test=120)


@pytest.fixture(scope="module", params=["factors", "domains"])
def data(request):
    """Grey shapes, with the brightness as a factor or as a domain."""
    made = shapes() if request.param == "factors" else ByAttribute(shapes, "colour", size=16, channels=1)
    made.setup()
    return made


def halves(found):
    return (found.images[found.labels == label] for label in (0, 1))


def test_labels_are_the_attribute(data):
    labelled, whole = AttributeLabels(data, "colour"), shapes().split("test")
    for images, bright in zip(halves(labelled.split("test")), (False, True), strict=True):
        assert torch.equal(images, whole.images[(whole.factors[:, 1] > 0.5) == bright])
    assert labelled.spec.classes == 2


class Numbered(ImageData):
    """Images of three classes; the class of the last is unknown."""

    name = "numbered"

    def __init__(self):
        super().__init__(2, 1, classes=3)

    def load(self):
        images = torch.arange(4, dtype=torch.uint8).view(4, 1, 1, 1).expand(-1, 1, 2, 2)
        return dict.fromkeys(("train", "validation", "test"), ImageSet(images, torch.tensor([0, 2, 1, -1])))


def test_labels_are_one_class_against_the_others():
    found = AttributeLabels(Numbered(), "2").split("test")
    assert found.images[:, 0, 0, 0].tolist() == [0, 1, 2]
    assert found.labels.tolist() == [0, 1, 0]
    with pytest.raises(GenzooError, match=r"^data=numbered: no attribute 3\. Accepted: 0, 1, 2\.$"):
        AttributeLabels(Numbered(), "3")


def test_an_attribute_that_the_data_has_not_is_one_line():
    with pytest.raises(GenzooError, match=r"^data=shapes: no attribute color\. Did you mean 'colour'\?$"):
        AttributeLabels(shapes(), "color")


def test_cycles_are_measured_against_the_images(data):
    found = EditCycle(images=None)(Brightness(), data, "test")
    expected = []
    for images, level in zip(halves(AttributeLabels(data, "colour").split("test")), (-0.2, 1.0), strict=True):
        x = from_levels(images)
        expected.append((torch.where(x > -0.9, level, -1.0) - x).abs().mean().item() / 2)
    assert found.protocol["colour"] == pytest.approx({"added_first": expected[0], "removed_first": expected[1]})
    assert found.values == {"edit_cycle": pytest.approx(sum(expected) / 2)}


def test_only_visible_edits_are_classified_as_such(data, tmp_path):
    measure = partial(EditAccuracy(images=50, cache=tmp_path), data=data, split="test")
    right = measure(Brightness())
    assert right.values["edit_accuracy"] > 0.95
    assert right.protocol["colour"]["accuracy_of_real_images"] > 0.9
    reversed_ = measure(Brightness(dark=1.0, bright=-0.2))
    assert reversed_.values["edit_accuracy"] < 0.05
    one = measure(Brightness(dark=1.0, bright=1.0)).protocol["colour"]
    assert (one["added"], one["removed"]) == (pytest.approx(1, abs=0.05), pytest.approx(0, abs=0.05))


def test_pictures_show_images_of_both_kinds_without_and_with_the_attribute(data):
    found = AttributeStrips(columns=4)(Brightness(), data, "test").pictures
    assert found.keys() == {"attribute_strips"}
    zoom = 64 // 16
    sheet = np.asarray(found["attribute_strips"])[:, -((16 + 2) * 4 + 2) * zoom :][::zoom, ::zoom]
    image, without, having = sheet[2:, 2:].reshape(3, 18, 4, 18)[:, :16, :, :16].transpose(0, 2, 1, 3)
    chosen = []
    for images in halves(AttributeLabels(data, "colour").split("test")):
        chosen.append(images[torch.arange(2) * len(images) // 2, 0])
    assert (image == torch.cat(chosen).numpy()).all()
    assert {*np.unique(without)} == {0, 102}
    assert {*np.unique(having)} == {0, 255}
    assert ((having > 0) == (image > 12)).all()


@pytest.mark.parametrize("metric", [EditCycle, EditAccuracy])
def test_no_images_are_refused(metric):
    with pytest.raises(GenzooError, match=r"images=0: a positive integer is needed"):
        metric(images=0)
