import pytest

from genzoo.core.errors import GenzooError
from genzoo.data.division import divide


def rows(divided):
    return {split: (found.part, found.rows.tolist()) for split, found in divided.items()}


def test_each_image_is_in_one_split_and_the_seed_decides_which():
    found = rows(divide({"train": 50}, 10, 5, 0, "x"))
    assert {split: len(theirs) for split, (_, theirs) in found.items()} == {"train": 35, "validation": 10, "test": 5}
    assert {part for part, _ in found.values()} == {"train"}
    assert sorted(row for _, theirs in found.values() for row in theirs) == list(range(50))
    assert found == rows(divide({"train": 50}, 10, 5, 0, "x"))
    assert found != rows(divide({"train": 50}, 10, 5, 1, "x"))
    assert found["train"][1] != sorted(found["train"][1]), "its head is no fair sample of a set sorted by class"


def test_without_a_number_a_twentieth_is_held_out():
    assert [len(found.rows) for found in divide({"train": 200}, None, None, 0, "x").values()] == [180, 10, 10]
    assert [len(found.rows) for found in divide({"train": 1}, None, None, 0, "x").values()] == [1, 0, 0]


def test_splits_of_its_own_are_kept_and_others_drawn_from_training_images():
    found = rows(divide({"train": 20, "test": 6}, 4, None, 0, "x"))
    assert found["test"][0] == "test"
    assert sorted(found["test"][1]) == list(range(6))
    assert sorted(found["train"][1] + found["validation"][1]) == list(range(20))
    assert (found["validation"][0], len(found["validation"][1])) == ("train", 4)


@pytest.mark.parametrize(
    ("counts", "n_validation", "n_test", "message"),
    [
        ({"train": 9}, 5, 4, "data.n_validation=5 data.n_test=4: x has 9 images, and at least one must remain"),
        ({"train": 9, "test": 30}, 9, None, "data.n_validation=9: x has 9 images"),
        ({"train": 9, "test": 3}, None, 2, "data.n_test=2: x has test images of its own; leave the setting out."),
        ({"train": 0}, None, None, "x: it has no training images"),
        ({"test": 3}, None, None, "x: it has no training images"),
        ({"train": 9}, -1, None, "data.n_validation=-1: an integer of at least 0"),
    ],
)
def test_what_cannot_be_divided(counts, n_validation, n_test, message):
    with pytest.raises(GenzooError, match=f"^{message}"):
        divide(counts, n_validation, n_test, 0, "x")
