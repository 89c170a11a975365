import pytest

from genzoo.core.schedules import Geometric, Linear


@pytest.mark.parametrize("rounds", [0, 1, 999, 1000, 5000, 10**6])
def test_linear_interpolates_and_then_stays(rounds):
    expected = 0.9 - 0.4 * rounds / 1000 if rounds <= 1000 else 0.5
    assert Linear(start=0.9, end=0.5, rounds=1000)(rounds) == pytest.approx(expected)


def test_geometric_is_repeated_division_down_to_the_floor():
    schedule, value = Geometric(start=0.1, factor=1.5, floor=0.01), 0.1
    for rounds in range(20):
        assert schedule(rounds) == pytest.approx(max(value, 0.01))
        value /= 1.5


def test_geometric_reaches_the_originals_value_after_its_epochs():
    # goodfeli/adversarial: 0.1 / 1.000004 ** updates; after 125,000 updates exp(-0.499999) of it is left.
    assert Geometric(start=0.1, factor=1.000004, floor=1e-6)(125_000) == pytest.approx(0.0606531, rel=1e-5)
