import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal, sem
from sklearn.neighbors import KernelDensity

from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import Samples
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.core.randomness import generator
from genzoo.data.module import ImageData
from genzoo.metrics.parzen import SIGMAS, ParzenWindow, parzen_log_density


def uniform(seed, *shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("block", [1, 7, 1000])
@pytest.mark.parametrize("sigma", [0.1, 0.3, 1.0])
def test_it_is_a_kernel_density_whatever_the_blocks(sigma, block):
    images, samples = uniform(0, 20, 30), uniform(1, 25, 30)
    found = parzen_log_density(images, samples, torch.tensor([0.5, sigma], dtype=torch.float64), block)
    expected = KernelDensity(bandwidth=sigma, rtol=1e-12).fit(samples.double().numpy())
    assert found.shape == (2, 20)
    np.testing.assert_allclose(found[1], expected.score_samples(images.double().numpy()), rtol=1e-9)


def test_one_sample_gives_a_gaussian_in_closed_form():
    image, sample = uniform(0, 1, 784), uniform(1, 1, 784)
    found = parzen_log_density(image, sample, torch.tensor([0.2], dtype=torch.float64))
    gaussian = multivariate_normal(sample[0].double().numpy(), 0.2**2).logpdf(image[0].double().numpy())
    assert found.item() == pytest.approx(gaussian, rel=1e-10)
    assert found.item() == pytest.approx(
        -(image - sample).double().square().sum().item() / 0.08 - 784 * math.log(0.2 * math.sqrt(2 * math.pi)), rel=1e-6
    )


def test_far_images_have_a_finite_log_density():
    found = parzen_log_density(torch.ones(1, 3000), torch.zeros(4, 3000), torch.tensor([0.1], dtype=torch.float64))
    assert found.item() == pytest.approx(-3000 / 0.02 - 3000 * math.log(0.1 * math.sqrt(2 * math.pi)))


class Pictures(ImageData):
    """Splits of 3 x 3 pixels, given as fractions of the range (N, 1, 3, 3)."""

    name = "pictures"

    def __init__(self, validation, test, levels=256):
        super().__init__(size=3, channels=1, levels=levels)
        self.given = {"train": torch.zeros(1, 1, 3, 3), "validation": validation, "test": test}

    def load(self):
        return {
            split: ImageSet((x * (self.spec.levels - 1)).round().to(torch.uint8), torch.full((len(x),), -1))
            for split, x in self.given.items()
        }


class Sampler(Inference):
    """Samples a grey plus noise."""

    def __init__(self, noise=0.0):
        super().__init__()
        self.noise = noise

    def capabilities(self):
        return frozenset({Samples})

    def sample(self, n, labels=None, generator=None):
        self.drawn = (torch.rand(n, 1, 3, 3, generator=generator) * self.noise + (1 - self.noise) / 2) * 2 - 1
        return self.drawn


def around(scale, n=60, seed=3):
    """Images that lie around the middle grey with a standard deviation."""
    return (torch.randn(n, 1, 3, 3, generator=torch.Generator().manual_seed(seed)) * scale + 0.5).clamp(0, 1)


@pytest.mark.parametrize("levels", [256, 2])
def test_values_are_those_of_sklearn_and_scipy_on_pixels_in_the_unit_interval(levels):
    module, data = Sampler(0.5), Pictures(around(0.3), around(0.3, n=40, seed=4), levels)
    found = ParzenWindow(samples=50, seed=7)(module, data, "test")
    to_fit = (module.drawn.flatten(1).double().numpy() + 1) / 2
    pixels = {split: data.split(split).images.flatten(1).numpy() / (levels - 1) for split in ("validation", "test")}
    windows = [KernelDensity(bandwidth=sigma, rtol=1e-12).fit(to_fit) for sigma in np.logspace(-1, 0, 10)]
    best = max(windows, key=lambda window: window.score_samples(pixels["validation"]).mean())
    scores = best.score_samples(pixels["test"])
    assert found.values == pytest.approx(
        {
            "parzen_log_likelihood_n50": scores.mean(),
            "parzen_standard_error_n50": sem(scores, ddof=0),
            "parzen_sigma_n50": best.bandwidth,
        },
        rel=1e-5,
    )
    assert torch.equal(module.drawn, Sampler(0.5).sample(50, generator=generator(7, "parzen")))


@pytest.mark.parametrize(("validation", "test"), [(0.12, 0.4), (0.4, 0.12)])
def test_sigma_is_chosen_on_the_validation_images(validation, test):
    data = Pictures(around(validation), around(test, seed=4))
    sigma = ParzenWindow(samples=1)(Sampler(), data, "test").values["parzen_sigma_n1"]
    # Around one sample the likeliest σ is the root mean square distance a pixel.
    root = (data.split("validation").images / 255 - 0.5).square().mean().sqrt().item()
    assert abs(math.log10(sigma / root)) < 1 / 9  # within a step of the grid
    assert sigma == ParzenWindow(samples=1)(Sampler(), data, "validation").values["parzen_sigma_n1"]


def test_only_the_first_validation_images_choose_and_the_protocol_tells_how_many():
    wide_first = torch.cat([around(0.4, n=10), around(0.12, n=200)])
    data = Pictures(wide_first, around(0.2))
    few, many = (ParzenWindow(samples=1, sigma_images=n)(Sampler(), data, "test") for n in (10, 1000))
    assert few.values["parzen_sigma_n1"] > many.values["parzen_sigma_n1"]
    assert few.protocol["sigma_chosen_on"] == "the first 10 validation images"
    assert many.protocol["sigma_chosen_on"] == "the first 210 validation images"
    assert (many.protocol["samples"], many.protocol["images"]) == (1, 60)


def test_ten_thousand_samples_are_the_plain_names_and_sigmas_those_of_the_original():
    found = ParzenWindow()(Sampler(0.5), Pictures(around(0.3, n=2), around(0.3, n=2)), "test")
    assert set(found.values) == {"parzen_log_likelihood", "parzen_standard_error", "parzen_sigma"}
    assert found.protocol["samples"] == 10_000
    other = ParzenWindow(samples=10_001)(Sampler(0.5), Pictures(around(0.3, n=2), around(0.3, n=2)), "test")
    assert set(other.values) == {f"{name}_n10001" for name in found.values}
    assert SIGMAS.tolist() == pytest.approx([10 ** (-1 + i / 9) for i in range(10)])


def test_a_second_call_gives_the_same_and_touches_no_global_random_state():
    metric, data = ParzenWindow(samples=20), Pictures(around(0.3), around(0.3, seed=4))
    state = torch.get_rng_state()
    assert metric(Sampler(0.5), data, "test") == metric(Sampler(0.5), data, "test")
    assert torch.equal(torch.get_rng_state(), state)


def test_without_validation_images_sigma_cannot_be_chosen():
    with pytest.raises(GenzooError, match=r"^metrics.parzen: .* data=pictures has none; .*metrics.parzen=null\).$"):
        ParzenWindow(samples=2)(Sampler(), Pictures(around(0.3, n=0), around(0.3)), "test")


def test_without_images_to_measure_there_are_no_values():
    assert ParzenWindow(samples=2)(Sampler(), Pictures(around(0.3), around(0.3, n=0)), "test").values == {}


@pytest.mark.parametrize(("key", "value"), [("samples", 0), ("sigma_images", 0), ("samples", 1.5)])
def test_settings_are_checked(key, value):
    with pytest.raises(GenzooError, match=f"metrics.parzen.{key}={value}: "):
        ParzenWindow(**{key: value})
