"""The mixture of discretised logistics, against SciPy and counting."""

import itertools

import numpy as np
import pytest
import torch
from scipy.stats import logistic

from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels, to_levels
from genzoo.nn.logistic_mixture import LogisticMixture


def parameters_of(logits, means, log_scales, slopes=()):
    """The network output that means these parameters, (1, outputs, 1, 1)."""
    flat = [*logits, *np.ravel(means), *np.ravel(log_scales), *np.ravel(slopes)]
    return torch.tensor(flat, dtype=torch.double).view(1, -1, 1, 1)


GREY = parameters_of([0.3, -1.0, 0.0], [[-0.99, 0.2, 1.1]], [[-2.0, -1.0, -3.0]])


@pytest.mark.parametrize("log_scale", [0.0, -3.0, -6.0, -9.0])
@pytest.mark.parametrize("mean", [-1.3, -1.0, 0.003, 0.9])
def test_probabilities_of_all_levels_sum_to_1(mean, log_scale):
    images = from_levels(torch.arange(256)).view(256, 1, 1, 1).double()
    parameters = parameters_of([0.0, 0.5], [[mean, 0.3]], [[log_scale, -4.0]])
    total = LogisticMixture(2).log_prob(images, parameters.expand(256, -1, -1, -1)).exp().sum().item()
    assert total == pytest.approx(1, abs=1e-4 if log_scale < -5 else 1e-5)  # where it is steep, the middle's density


def test_probabilities_of_all_colours_sum_to_1():
    torch.manual_seed(0)
    likelihood = LogisticMixture(3, levels=6)
    images = from_levels(torch.tensor([*itertools.product(range(6), repeat=3)]), 6).view(-1, 3, 1, 1).double()
    parameters = torch.randn(1, likelihood.outputs(3), 1, 1, dtype=torch.double)
    total = likelihood.log_prob(images, parameters.expand(len(images), -1, -1, -1)).exp().sum().item()
    assert total == pytest.approx(1, abs=1e-6)


def test_it_is_scipys_logistic_distribution():
    likelihood = LogisticMixture(2)
    logits, means = [0.4, -0.2], [[0.1, -0.5], [0.3, 0.0], [-0.2, 0.6]]
    log_scales, slopes = [[-2.0, -1.0], [-1.5, -3.0], [-2.5, -0.5]], [[0.7, -0.1], [-0.4, 0.2], [1.5, 0.9]]
    parameters = parameters_of(logits, means, log_scales, slopes)
    for level in ([0, 17, 255], [100, 128, 3], [255, 0, 0]):
        x = np.array(level) / 127.5 - 1
        expected = 0
        for k in range(2):
            a, b, c = (np.tanh(s[k]) for s in slopes)
            m = [means[0][k], means[1][k] + a * x[0], means[2][k] + b * x[0] + c * x[1]]
            p = np.exp(logits[k]) / np.exp(logits).sum()
            for channel in range(3):
                law = logistic(m[channel], np.exp(log_scales[channel][k]))
                upper = 1 if level[channel] == 255 else law.cdf(x[channel] + 1 / 255)
                lower = 0 if level[channel] == 0 else law.cdf(x[channel] - 1 / 255)
                p *= upper - lower
            expected += p
        found = likelihood.log_prob(from_levels(torch.tensor(level)).view(1, 3, 1, 1), parameters).exp().item()
        assert found == pytest.approx(expected, rel=1e-5)


def test_an_unlikely_level_has_a_finite_log_probability_and_gradient():
    parameters = parameters_of([0.0], [[-0.9]], [[-7.0]]).float().requires_grad_()
    found = LogisticMixture(1).log_prob(torch.full((1, 1, 1, 1), 0.9), parameters)
    found.sum().backward()
    assert found.isfinite().all()
    assert parameters.grad.isfinite().all()
    assert parameters.grad[0, 1].item() > 0, "a higher mean would be better"


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_levels_are_drawn_with_their_probabilities(temperature):
    likelihood, n = LogisticMixture(3, levels=8), 1000
    grid = (torch.arange(n, dtype=torch.double) + 0.5) / n
    noise = torch.cartesian_prod(grid, grid)[..., None, None]
    drawn = to_levels(likelihood.draw(GREY.expand(n * n, -1, -1, -1), noise, temperature), 8)
    logits, means, log_scales, _ = GREY.flatten().split([3, 3, 3, 0])
    cooled = parameters_of(logits / temperature, means, log_scales + np.log(temperature)).expand(8, -1, -1, -1)
    expected = likelihood.log_prob(from_levels(torch.arange(8), 8).view(8, 1, 1, 1), cooled).exp().flatten()
    torch.testing.assert_close(drawn.long().flatten().bincount(minlength=8) / n**2, expected.float(), rtol=0, atol=2e-3)


def test_green_follows_red_and_blue_follows_both():
    steep = [[-7.0]] * 3
    parameters = parameters_of([0.0], [[0.2], [0.1], [0.0]], steep, [[20.0], [-20.0], [20.0]])  # slopes 1, -1, 1
    x = LogisticMixture(1).draw(parameters, torch.full((1, 4, 1, 1), 0.5, dtype=torch.double)).flatten()
    torch.testing.assert_close(x, torch.tensor([0.2, 0.3, 0.1], dtype=torch.double), rtol=0, atol=1 / 127)
    torch.testing.assert_close(
        LogisticMixture(1).mean(parameters).flatten(), torch.tensor([0.2, 0.3, 0.1], dtype=torch.double)
    )


def test_outputs_and_noise_are_as_many_as_the_original_has():
    assert LogisticMixture(10).outputs(3) == 100
    assert LogisticMixture(10).outputs(1) == 30
    assert LogisticMixture(10).noise(3) == 4


def test_no_components_are_refused():
    with pytest.raises(GenzooError, match=r"model.likelihood.components=0"):
        LogisticMixture(0)
