import pytest

from genzoo.core.errors import GenzooError
from genzoo.core.schedules import ExponentialDecay, Linear, LinearDecay, Power, StepDecay, WarmUp


@pytest.mark.parametrize("rounds", [0, 1, 999, 1000, 5000, 10**6])
def test_linear_interpolates_and_then_stays(rounds):
    expected = 0.9 - 0.4 * rounds / 1000 if rounds <= 1000 else 0.5
    assert Linear(start=0.9, end=0.5, rounds=1000)(rounds) == pytest.approx(expected)


def test_geometric_is_repeated_division_down_to_the_floor():
    schedule, value = ExponentialDecay(start=0.1, factor=1.5, floor=0.01), 0.1
    for rounds in range(20):
        assert schedule(rounds) == pytest.approx(max(value, 0.01))
        value /= 1.5


def test_geometric_reaches_the_originals_value_after_its_epochs():
    # goodfeli/adversarial: 0.1 / 1.000004 ** updates; after 125,000 updates exp(-0.499999) of it is left.
    assert ExponentialDecay(start=0.1, factor=1.000004, floor=1e-6)(125_000) == pytest.approx(0.0606531, rel=1e-5)


def test_geometric_may_begin_later():
    # jeffdonahue/bigan: 200 epochs, then 200 more down to a hundredth; 50,000 / 128 rounds each.
    schedule = ExponentialDecay(start=2e-4, flat=78_125, factor=1.000058948, floor=2e-6)
    assert [schedule(r) for r in (0, 78_125)] == [2e-4, 2e-4]
    assert schedule(78_125 + 39_062) == pytest.approx(2e-5, rel=1e-4)
    assert schedule(156_250) == pytest.approx(2e-6, rel=1e-3)
    with pytest.raises(GenzooError, match="flat=-1: an integer of at least 0"):
        ExponentialDecay(start=1.0, factor=2, flat=-1)


def test_decay_is_the_originals_step_size_of_an_epoch():
    rate = LinearDecay(start=3e-4, flat=400_000, end=600_000, every=500)
    for epoch in (0, 799, 800, 801, 1000, 1199):  # train_cifar_feature_matching.py
        for t in (0, 499):
            assert rate(500 * epoch + t) == pytest.approx(3e-4 * min(3.0 - epoch / 400.0, 1.0))
    assert rate(600_500) == 0.0


def test_decay_needs_its_end_behind_its_flat_part():
    with pytest.raises(GenzooError, match="flat=10: fewer rounds than end=10"):
        LinearDecay(start=1.0, flat=10, end=10)


def test_warm_up_is_the_originals_number_of_critic_steps():
    steps = WarmUp(start=100, rounds=25, every=500, then=5)
    # main.py: Diters = 100 if gen_iterations < 25 or gen_iterations % 500 == 0 else 5
    assert [r for r in range(1600) if steps(r) == 100] == [*range(25), 500, 1000, 1500]
    assert {steps(r) for r in range(1600)} == {5, 100}


@pytest.mark.parametrize(("rounds", "value"), [(0, 0.4), (99, 0.4), (100, 0.2), (250, 0.1), (1000, 0.4 / 1024)])
def test_halved_is_halved_at_each_multiple(rounds, value):
    assert StepDecay(start=0.4, every=100)(rounds) == pytest.approx(value)


def test_a_rate_falls_after_the_originals_epochs():
    # karpathy/char-rnn, train.lua: after update i, if i % n == 0 and i / n >= 10: rate *= 0.97; n updates per epoch
    schedule, rate, n = StepDecay(start=2e-3, every=4, factor=0.97, flat=36), 2e-3, 4
    for i in range(1, 100):
        assert schedule(i - 1) == pytest.approx(rate), i
        if i % n == 0 and i / n >= 10:
            rate *= 0.97
    with pytest.raises(GenzooError, match=r"factor=0: a positive number is needed"):
        StepDecay(1.0, every=4, factor=0)


def test_a_power_is_the_formula_of_its_source():
    # start - (t / t_max)^γ (start - stop)
    rate = Power(start=0.025, end=1e-5, rounds=250, power=0.75)
    expected = [0.025 - (t / 250) ** 0.75 * (0.025 - 1e-5) for t in (0, 1, 100, 250)]
    assert [rate(t) for t in (0, 1, 100, 250)] == pytest.approx(expected)
    assert rate(999) == pytest.approx(1e-5)
    with pytest.raises(GenzooError, match=r"power=0: a positive number is needed"):
        Power(1.0, 0.0, rounds=9, power=0)


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: Linear(1.0, 0.0, rounds=0), "rounds=0"),
        (lambda: StepDecay(1.0, every=0), "every=0"),
        (lambda: WarmUp(start=0, rounds=1, every=1, then=1), "start=0"),
        (lambda: WarmUp(start=1, rounds=1, every=0, then=1), "every=0"),
        (lambda: WarmUp(start=1, rounds=1, every=1, then=2.5), "then=2.5"),
        (lambda: WarmUp(start=1, rounds=-1, every=1, then=1), "rounds=-1"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(make, key):
    with pytest.raises(GenzooError, match=rf"{key}: .*integer"):
        make()
