"""Training and evaluation on the images of some classes, whatever the set."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.module import ImageData, split_of
from genzoo.data.noise import Noise
from genzoo.runs.build import build_data
from genzoo.runs.config_hash import decisive
from support import resolved


class Numbers(ImageData):
    """Images 0, 1, 2 ... whose class is their remainder by 3; every seventh has no label."""

    name = "numbers"

    def __init__(self, **options):
        super().__init__(1, 1, classes=3, **options)

    def load(self):
        number = torch.arange(30)
        labels = torch.where(number % 7 == 0, -1, number % 3)
        split = split_of(number.to(torch.uint8).view(-1, 1, 1, 1), labels, number.view(-1, 1).float())
        return {"train": split, "validation": split_of(split.images[:0]), "test": split}


def test_all_splits_have_the_images_of_these_classes_alone_in_their_order():
    data = Numbers(only_classes=[2, 0])
    expected = [i for i in range(30) if i % 7 and i % 3 != 1]
    for split in ("train", "test"):
        found = data.split(split)
        assert found.images.flatten().tolist() == expected
        assert found.labels.tolist() == [i % 3 for i in expected]
        assert found.factors.flatten().tolist() == expected
    assert data.count("validation") == 0
    assert data.pools()["train"].images.flatten().tolist() == expected
    assert data.spec.classes == 3


def test_without_the_option_all_images_are_used_and_the_data_are_the_same_as_before():
    assert Numbers().count("train") == 30
    assert Numbers().fingerprint() == Numbers(only_classes=None).fingerprint()
    assert Numbers().fingerprint() != Numbers(only_classes=[0]).fingerprint()


@pytest.mark.parametrize("value", [[], [3], [-1], [0, 0], [1.0], [True], 1, "01"])
def test_a_value_that_is_no_list_of_classes_is_one_line(value):
    with pytest.raises(GenzooError) as error:
        Numbers(only_classes=value)
    assert str(error.value) == (
        f"data.only_classes={value}: a list of different classes of data=numbers is needed, from 0 to 2."
    )


def test_data_without_labels_and_classes_without_images_are_one_line():
    with pytest.raises(GenzooError, match=r"^data.only_classes=\[0\]: data=noise has no labels; leave it out.$"):
        Noise(only_classes=[0])
    data = Numbers(only_classes=[1])
    data.load = lambda: {split: split_of(torch.zeros(2, 1, 1, 1)) for split in ("train", "validation", "test")}
    with pytest.raises(GenzooError, match=r"^data=numbers: there are no training images of data.only_classes=\[1\]; "):
        data.setup()


def test_it_is_a_setting_of_the_command_line_and_part_of_the_results_identity():
    whole, one = (resolved("data=mnist", f"data.only_classes={value}") for value in ("null", "[7]"))
    assert (build_data(whole).only_classes, build_data(one).only_classes) == (None, (7,))
    assert decisive(one)["data"]["only_classes"] == [7]
    older = {**whole, "data": {key: value for key, value in whole["data"].items() if key != "only_classes"}}
    assert decisive(whole) == decisive(older)
