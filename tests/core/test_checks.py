import pytest

from genzoo.core.checks import check_integer, check_positive
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
