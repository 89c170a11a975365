"""The response of models whose energies are known functions of the simulated ones."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.metrics.energy_response import EnergyResponse, deviation, slope
from genzoo.metrics.evaluation import Evaluation
from support.showers import Simulates, electrons


@pytest.fixture(scope="module")
def data():
    return electrons(n_train=1, n_test=2000)


def measured(data, change=lambda layers, energy: layers):
    return EnergyResponse()(Simulates(change), data, "test").values


def test_the_simulator_itself_answers_as_it_should(data):
    found = measured(data)
    for layer in range(3):
        assert found[f"energy_response_layer_{layer}"] == pytest.approx(1, abs=0.025)
    assert found["energy_response_deviation"] < 0.005
    assert found["energy_response_slope"] == pytest.approx(found["energy_response_slope_real"], abs=0.003)
    assert 0.98 < found["energy_response_slope_real"] < 1  # but for the leakage
    assert found["energy_response_spread"] == pytest.approx(found["energy_response_spread_real"], rel=0.1)


def test_each_layer_has_its_own_value(data):
    found = measured(data, lambda layers, energy: layers | {"layer_1": 0.5 * layers["layer_1"]})
    assert found["energy_response_layer_0"] == pytest.approx(1, abs=0.025)
    assert found["energy_response_layer_1"] == pytest.approx(0.5, abs=0.015)


def test_a_model_that_ignores_the_energy_has_no_slope(data):
    found = measured(data, lambda layers, energy: {name: layer / energy for name, layer in layers.items()})
    assert found["energy_response_slope"] == pytest.approx(0, abs=0.002)
    assert found["energy_response_slope_real"] > 0.98
    assert found["energy_response_deviation"] == pytest.approx(1, abs=0.2)


def test_the_deviation_is_that_of_the_worst_bin():
    energy = torch.arange(100.0) + 1
    made = energy.where(energy <= 90, 1.25 * energy)
    shuffled = torch.randperm(100, generator=torch.Generator().manual_seed(0))
    assert deviation(made[shuffled], energy[shuffled], energy[shuffled]) == pytest.approx(0.25, rel=1e-4)
    assert deviation(energy, 2 * energy, energy) == pytest.approx(0.5)


def test_the_slope_is_that_of_least_squares():
    x = torch.randn(30, generator=torch.Generator().manual_seed(0)).double() + 5
    y = 2 * x + torch.randn(30, generator=torch.Generator().manual_seed(1))
    line = torch.linalg.lstsq(torch.stack([x, torch.ones(30)], 1), y[:, None]).solution
    assert slope(y, x) == pytest.approx(line[0].item())


def test_the_spread_is_relative_to_the_energy(data):
    def noisy(layers, energy):
        factor = 1 + 0.2 * torch.randn(energy.shape, generator=torch.Generator().manual_seed(0))
        return {name: factor * layer for name, layer in layers.items()}

    assert measured(data, noisy)["energy_response_spread"] == pytest.approx(0.2, abs=0.01)


def test_empty_splits_are_not_measured_and_the_number_is_checked(data):
    assert EnergyResponse()(Simulates(), data, "validation") == Evaluation()
    assert EnergyResponse(images=7)(Simulates(), data, "test").protocol["showers"] == 7
    with pytest.raises(GenzooError, match=r"^metrics\.energy_response\.images=0: a positive integer"):
        EnergyResponse(images=0)
