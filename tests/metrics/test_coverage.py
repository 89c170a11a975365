import math

import numpy as np
import pytest
import torch

from genzoo.core.capabilities import Samples
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.core.randomness import generator
from genzoo.data.gaussians import Grid, Ring
from genzoo.data.shapes import Shapes
from genzoo.metrics.coverage import Coverage, coverage, kernel_width
from genzoo.runs.train import train
from support import composed


class Teller(Inference):
    """Samples the points that it is given."""

    def __init__(self, images):
        super().__init__()
        self.images = images

    def capabilities(self):
        return frozenset({Samples})

    def sample(self, n, labels=None, generator=None):
        return self.images[:n]


def normal(n, seed, std=1.0, dimensions=2):
    return std * torch.randn(n, dimensions, generator=torch.Generator().manual_seed(seed))


def test_a_perfect_model_covers_its_share():
    sigma = torch.tensor(0.3).double()
    assert coverage(normal(4000, 0), normal(2000, 1), sigma) == pytest.approx(0.95, abs=0.015)
    assert coverage(normal(4000, 0), normal(2000, 1), sigma, share=0.5) == pytest.approx(0.5, abs=0.04)


def test_a_narrower_model_covers_what_lies_within_its_region():
    # p > t is the disc that holds 95 % of N(0, s²): of radius² 2 s² log 20, which holds 1 - 20^(-s²) of N(0, 1).
    std = 0.5
    found = coverage(normal(4000, 0), normal(2000, 1, std), torch.tensor(0.1).double())
    assert found == pytest.approx(1 - 20 ** -(std**2), abs=0.05)


def test_the_threshold_is_the_papers():
    data, samples, sigma = normal(50, 0).double(), normal(40, 1).double(), 0.4

    def density(x):
        squared = ((x[:, None] - samples.numpy()[None]) ** 2).sum(-1)
        return np.exp(-squared / (2 * sigma**2)).mean(1) / (2 * math.pi * sigma**2)

    threshold = np.percentile(density(samples.numpy()), 5)
    expected = (density(data.numpy()) > threshold).mean()
    assert coverage(data, samples, torch.tensor(sigma).double()) == pytest.approx(expected)


def test_the_width_is_the_likeliest_of_its_grid():
    samples, held_out = normal(500, 0), normal(300, 1)
    distance = (samples[1:] - samples[:-1]).norm(dim=1).median().item()
    found = kernel_width(samples, held_out).item() / distance
    assert math.log2(found) == pytest.approx(round(math.log2(found)), abs=1e-5)
    assert 0.1 < found * distance < 0.5  # the rule of thumb: 500^(-1/6) = 0.35
    assert kernel_width(10 * samples, 10 * held_out).item() == pytest.approx(10 * found * distance)


@pytest.mark.parametrize(("modes", "expected"), [(8, 0.95), (4, 0.475), (1, 0.119)])
def test_each_missing_mode_costs_its_share(modes, expected):
    data = Ring(n_train=15_000, n_validation=0, n_test=2000)
    images, labels, *_ = data.split("train")
    values = Coverage()(Teller(images[labels < modes]), data, "test").values
    assert values["coverage"] == pytest.approx(expected, abs=0.03)


def test_samples_come_from_the_metrics_own_seed():
    class Noisy(Teller):
        def sample(self, n, labels=None, generator=None):
            self.drawn = torch.randn(n, 2, 1, 1, generator=generator)
            return self.drawn

    module, state = Noisy(None), torch.get_rng_state()
    found = Coverage(samples=20, held_out=5, seed=3)(module, Grid(n_train=1, n_validation=0, n_test=50), "test")
    assert torch.equal(module.drawn, torch.randn(25, 2, 1, 1, generator=generator(3, "coverage")))
    assert torch.equal(torch.get_rng_state(), state)
    assert found.protocol == {"samples": 20, "held_out": 5, "seed": 3, "share": 0.95}


def test_images_are_passed_over():
    data = Shapes(size=8, n_train=1, n_validation=0, n_test=1)
    assert Coverage()(Teller(None), data, "test").values == {}


def test_samples_that_are_not_finite_are_refused():
    data = Ring(n_train=1, n_validation=0, n_test=1)
    with pytest.raises(GenzooError, match=r"metrics.coverage: a sample of the model is not finite"):
        Coverage()(Teller(torch.full((1500, 2, 1, 1), torch.nan)), data, "test")


def test_a_model_of_one_point_is_measured():
    data = Ring(n_train=1, n_validation=0, n_test=50)
    assert Coverage()(Teller(torch.zeros(1500, 2, 1, 1)), data, "test").values == {"coverage": 0}


@pytest.mark.parametrize(("key", "value", "least"), [("samples", 1, 2), ("held_out", 0, 1)])
def test_numbers_of_samples(key, value, least):
    with pytest.raises(GenzooError, match=rf"metrics.coverage.{key}={value}: an integer of at least {least}"):
        Coverage(**{key: value})


def test_a_run_measures_it(tmp_path):
    options = ("model=gan_2d", "data=ring", "data.n_train=64", "data.n_validation=32", "data.n_test=32")
    options += ("trainer=smoke", "recipe.batch_size=16", "logger=none", f"paths.runs={tmp_path}/runs")
    values = train(composed(*options, "metrics=coverage", "metrics.coverage.samples=50")).metrics
    assert set(values) == {"test/coverage"}
    assert 0 <= values["test/coverage"] <= 1
