import pytest
import torch

from genzoo.core.capabilities import Samples
from genzoo.core.inference import Inference
from genzoo.data.gaussians import Ring
from genzoo.data.univariate import Univariate
from genzoo.metrics.moments import Moments


class Teller(Inference):
    """Samples standard normal numbers times ``std`` plus ``mean``, as parts of the extent."""

    mean, std = 0.3, 0.2

    def capabilities(self):
        return frozenset({Samples})

    def sample(self, n, labels=None, generator=None):
        return self.mean + self.std * torch.randn(n, 1, 1, 1, generator=generator)


def test_moments_are_in_the_units_of_the_data():
    values = Moments(samples=100_000)(Teller(), Univariate([1], [0.0], [1.0], extent=10.0, n_train=10), "test").values
    assert values == {"mean": pytest.approx(3.0, abs=0.02), "std": pytest.approx(2.0, abs=0.02)}


def test_points_in_the_plane_have_none():
    assert not Moments()(Teller(), Ring(n_train=10), "test").values
