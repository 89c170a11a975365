import pytest

from genzoo.core.errors import GenzooError
from genzoo.core.milestones import Milestones


def due(milestones, rounds):
    return [r for r in range(1, rounds + 1) if milestones.due(r, rounds)]


def test_every_so_many_rounds_after_the_powers_of_two_below():
    assert due(Milestones(every=10), 35) == [1, 2, 4, 8, 10, 20, 30]
    assert due(Milestones(every=16), 40) == [1, 2, 4, 8, 16, 32]
    assert due(Milestones(every=1), 4) == [1, 2, 3, 4]


def test_times_a_run_is_even_and_a_run_shorter_than_that_acts_on_every_round():
    assert due(Milestones(times=3), 30) == [1, 2, 4, 8, 10, 20, 30]
    assert due(Milestones(times=20), 5) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("options", [{}, {"times": 1, "every": 1}, {"times": 0}, {"every": 0}, {"every": -1}])
def test_anything_but_one_positive_number_is_refused(options):
    with pytest.raises(GenzooError, match="positive number"):
        Milestones(**options)
