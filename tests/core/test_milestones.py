import pytest

from genzoo.core.errors import GenzooError
from genzoo.core.milestones import Milestones


def due(milestones, rounds):
    return [r for r in range(1, rounds + 1) if milestones.due(r, rounds)]


def test_every_so_many_rounds_and_no_others():
    assert due(Milestones(every=40), 120) == [40, 80, 120]
    assert due(Milestones(every=16), 40) == [16, 32]
    assert due(Milestones(every=1), 4) == [1, 2, 3, 4]
    assert due(Milestones(times=20, every=40), 120) == [40, 80, 120]  # as callbacks.best.every=40 gives it


def test_times_a_run_is_even_and_a_run_shorter_than_that_acts_on_every_round():
    assert due(Milestones(times=3), 30) == [1, 2, 4, 8, 10, 20, 30]
    assert due(Milestones(times=20), 5) == [1, 2, 3, 4, 5]


def test_times_is_how_often_also_where_the_rounds_are_no_multiple_of_it():
    assert due(Milestones(times=3), 11) == [1, 2, 4, 8, 11]  # thirds: after 3.67, 7.33 and 11 rounds
    assert len(due(Milestones(times=20), 39)) == 20 + 1  # the power of two before the first


@pytest.mark.parametrize("options", [{}, {"times": 0}, {"every": 0}, {"every": -1}, {"times": 5, "every": 0}])
def test_anything_but_a_positive_number_is_refused(options):
    with pytest.raises(GenzooError, match="positive number"):
        Milestones(**options)
