"""Distances of observables against shifts of known size, correlations against NumPy."""

import numpy as np
import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.inference import Inference
from genzoo.data.moving_digits import MovingDigits
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.observables import Observables, correlations, distances
from support.showers import Simulates, electrons


@pytest.fixture(scope="module")
def data():
    return electrons(n_train=2000, n_test=2000)


def test_a_shift_is_measured_in_standard_deviations():
    real = torch.randn(400, generator=torch.Generator().manual_seed(0))
    found = distances({"a": real + 3 * real.std(), "b": 2 * real}, {"a": real, "b": 2 * real})
    assert found["observables_a"] == pytest.approx(3, rel=1e-4)
    assert found["observables_b"] == pytest.approx(0)
    assert found["observables"] == pytest.approx(1.5, rel=1e-4)
    assert found["observables_correlation"] == pytest.approx(0, abs=1e-5)


def test_an_observable_that_is_constant_in_the_data_has_its_own_unit():
    found = distances({"layer": torch.tensor([1.0, 2.0])}, {"layer": torch.tensor([2.0, 2.0])})
    assert found["observables_layer"] == pytest.approx(0.5)


def test_correlations_are_those_of_numpy_and_their_distance_is_of_all_entries():
    draws = torch.randn(2, 3, 50, generator=torch.Generator().manual_seed(0))
    draws[1, 2] += draws[1, 0]
    one, other = ({name: row for name, row in zip("abc", rows, strict=True)} for rows in draws)
    expected = [np.corrcoef(rows.numpy()) for rows in draws]
    np.testing.assert_allclose(correlations(one).numpy(), expected[0], atol=1e-6)
    distance = np.sqrt(((expected[0] - expected[1]) ** 2).sum())
    assert distances(one, other)["observables_correlation"] == pytest.approx(distance, rel=1e-5)
    assert (correlations({"a": torch.ones(4), "b": torch.arange(4.0)})[0] == 0).all()


def test_the_simulator_itself_is_at_the_floor(data):
    found = Observables()(Simulates(), data, "test").values
    names = {name.removesuffix("_floor") for name in found}
    assert len(names) == 18 + 2
    assert names >= {"observables", "observables_correlation", "observables_energy_0", "observables_sparsity_2"}
    for name in names:
        assert found[name] < 2 * found[f"{name}_floor"] + 0.05, name
    assert 0.01 < found["observables_floor"] < 0.1


def test_showers_of_twice_the_energy_are_far_in_energy_only(data):
    twice = Simulates(lambda layers, energy: {name: 2 * layer for name, layer in layers.items()})
    same, found = (Observables()(model, data, "test").values for model in (Simulates(), twice))
    real = data.observables(data.split("test").images)["energy_1"]
    assert found["observables_energy_1"] == pytest.approx((real.mean() / real.std()).item(), rel=0.1)
    for name in ("fraction_1", "shower_depth", "ratio_0", "width_1", "sparsity_2"):
        assert found[f"observables_{name}"] == pytest.approx(same[f"observables_{name}"], abs=1e-3), name
    assert found["observables"] > 3 * same["observables"]
    assert found["observables_floor"] == same["observables_floor"]


def test_data_of_levels_are_measured_in_the_range_of_samples():
    videos = MovingDigits("nowhere", frames=4, n_train=100, n_validation=0, n_test=100, offline=True)

    class Repeats(Inference):
        """The test videos."""

        def sample(self, n, labels=None, generator=None):
            return from_levels(videos.split("test").images[:n])

    found = Observables()(Repeats(), videos, "test").values
    assert found["observables"] == pytest.approx(0, abs=1e-6)
    assert found["observables_correlation"] == pytest.approx(0, abs=1e-6)
    assert 0.02 < found["observables_floor"] < 0.4


def test_empty_splits_and_data_without_observables_are_not_measured(data):
    assert Observables()(Simulates(), data, "validation") == Evaluation()
    assert Observables()(Simulates(), object(), "test") == Evaluation()


def test_the_number_of_showers_is_checked_and_used(data):
    found = Observables(images=50)(Simulates(), data, "test")
    assert found.protocol["samples"] == 50
    assert found.values["observables_floor"] > Observables()(Simulates(), data, "test").values["observables_floor"]
    with pytest.raises(GenzooError, match=r"^metrics\.observables\.images=0: a positive integer"):
        Observables(images=0)
