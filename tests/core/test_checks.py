import pytest
import torch

from genzoo.core.checks import check_integer, check_labels, check_positive
from genzoo.core.errors import GenzooError


@pytest.mark.parametrize("value", [2, 3])
def test_integers_that_are_large_enough_pass(value):
    assert check_integer("data.side", value, 2) == value
    check_positive("data.side", value)


@pytest.mark.parametrize("value", [1, -3, 2.5, "2", None])
def test_others_are_named(value):
    with pytest.raises(GenzooError, match=rf"^data\.side={value}: an integer of at least 2 is needed\.$"):
        check_integer("data.side", value, 2)


@pytest.mark.parametrize("value", [1, 257, 2.5, None])
def test_others_than_from_least_to_most_are_named(value):
    assert [check_integer("data.levels", n, 2, 256) for n in (2, 256)] == [2, 256]
    with pytest.raises(GenzooError, match=rf"^data\.levels={value}: an integer from 2 to 256 is needed\.$"):
        check_integer("data.levels", value, 2, 256)


@pytest.mark.parametrize("value", [0, -1, 1.0, "1", None])
def test_what_is_not_positive_is_named(value):
    with pytest.raises(GenzooError, match=rf"^data\.size={value}: a positive integer is needed\.$"):
        check_positive("data.size", value)


CPU = torch.device("cpu")


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64])
def test_labels_of_the_models_classes_pass_as_int64(dtype):
    labels = check_labels(torch.tensor([2, 0, 1], dtype=dtype), 3, 3, CPU)
    assert labels.dtype == torch.int64
    assert labels.tolist() == [2, 0, 1]
    assert check_labels(None, 3, 3, CPU) is None
    assert check_labels(None, 3, 0, CPU) is None
    assert len(check_labels(torch.tensor([], dtype=torch.int64), 0, 3, CPU)) == 0


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], "labels: a list was given; use torch.tensor of integers."),
        (1, "labels: a int was given; use torch.tensor of integers."),
        (torch.tensor([0.0, 1.0]), "labels: float32 was given; integers are needed."),
        (torch.tensor([True, False]), "labels: bool was given; integers are needed."),
        (torch.tensor([0, 1j]), "labels: complex64 was given; integers are needed."),
        (torch.tensor([0, 1, 2]), "labels: their shape is (3,), but (2,) is needed: one per image."),
        (torch.tensor([[0], [1]]), "labels: their shape is (2, 1), but (2,) is needed: one per image."),
        (torch.tensor(0), "labels: their shape is (), but (2,) is needed: one per image."),
        (torch.tensor([0, 3]), "labels: 0 to 3 were given; this model has the classes 0 to 2."),
        (torch.tensor([-1, 2]), "labels: -1 to 2 were given; this model has the classes 0 to 2."),
    ],
)
def test_wrong_labels_are_one_line(labels, message):
    with pytest.raises(GenzooError) as error:
        check_labels(labels, 2, 3, CPU)
    assert str(error.value) == message


def test_a_model_without_classes_takes_no_labels():
    with pytest.raises(GenzooError, match=r"^labels: this model is not conditioned on classes; remove labels\.$"):
        check_labels(torch.tensor([0, 1]), 2, 0, CPU)
