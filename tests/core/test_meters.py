import math

import torch

from genzoo.core.meters import Meters


def test_means_are_of_the_values_since_the_last_reading():
    meters = Meters()
    for value in (1.0, 2.0, 6.0):
        meters.log("a", torch.tensor(value))
    meters.log("b", torch.tensor(5.0, dtype=torch.float64, requires_grad=True))
    means = meters.means()
    assert {name: mean.item() for name, mean in means.items()} == {"a": 3.0, "b": 5.0}
    assert not means["b"].requires_grad
    assert meters.means() == {}
    meters.log("a", torch.tensor(4.0))
    assert meters.means()["a"].item() == 4.0


def test_recording_does_not_change_the_value_recorded():
    value = torch.tensor(1.0)
    meters = Meters()
    meters.log("a", value)
    meters.log("a", torch.tensor(2.0))
    assert value.item() == 1.0


def test_the_first_bad_round_of_each_watched_name_is_kept():
    meters = Meters()
    for round, (a, b, c) in enumerate([(1, 1, 1), (1, math.inf, 1), (math.nan, 1, 1), (math.nan, -math.inf, 1)]):
        for name, value in (("a", a), ("b", b), ("c", c)):
            meters.log(name, torch.tensor(float(value)), round)
        meters.means()
    meters.log("unwatched", torch.tensor(math.nan))
    assert {name: bad.item() for name, bad in meters.first_bad().items()} == {"a": 2, "b": 1, "c": -1}


def test_a_bad_very_first_round_is_noticed():
    meters = Meters()
    meters.log("a", torch.tensor(math.nan), 0)
    meters.log("a", torch.tensor(1.0), 1)
    meters.log("a", torch.tensor(math.nan), 2)
    assert meters.first_bad()["a"].item() == 0


def test_means_go_on_from_a_restored_state():
    first, second = Meters(), Meters()
    for value in (1.0, 2.0):
        first.log("loss", torch.tensor(value))
    second.load_state_dict(first.state_dict())
    second.log("loss", torch.tensor(9.0))
    assert second.means()["loss"].item() == 4.0
