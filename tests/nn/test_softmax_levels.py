"""The softmax over levels, against cross-entropy and counting."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels, to_levels
from genzoo.nn.softmax_levels import SoftmaxLevels


def test_it_is_the_cross_entropy_of_each_channels_own_logits():
    torch.manual_seed(0)
    parameters, levels = torch.randn(2, 3 * 256, 4, 5), torch.randint(256, (2, 3, 4, 5))
    expected = sum(
        F.cross_entropy(parameters[:, 256 * c : 256 * c + 256], levels[:, c], reduction="none") for c in range(3)
    )
    found = SoftmaxLevels().log_prob(from_levels(levels), parameters)
    torch.testing.assert_close(found, -expected)


def test_probabilities_of_all_images_sum_to_1():
    parameters = torch.randn(1, 12, 1, 1, dtype=torch.double)
    images = from_levels(torch.tensor([*itertools.product(range(4), repeat=3)]), 4).view(64, 3, 1, 1)
    total = SoftmaxLevels(4).log_prob(images, parameters.expand(64, -1, -1, -1)).exp().sum()
    assert total.item() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_levels_are_drawn_with_their_probabilities(temperature):
    torch.manual_seed(0)
    likelihood, n = SoftmaxLevels(8), 100_000
    parameters = torch.randn(1, 16, 1, 1)
    noise = (torch.arange(n) + 0.5).div(n).view(n, 1, 1, 1).expand(-1, 2, -1, -1)
    levels = to_levels(likelihood.draw(parameters.expand(n, -1, -1, -1), noise, temperature), 8)
    for channel in range(2):
        counted = levels[:, channel].flatten().long().bincount(minlength=8) / n
        expected = (parameters[0, 8 * channel : 8 * channel + 8, 0, 0] / temperature).softmax(0)
        torch.testing.assert_close(counted, expected, rtol=0, atol=2e-5)


def test_the_mean_is_that_of_the_levels_drawn():
    torch.manual_seed(0)
    likelihood, parameters = SoftmaxLevels(256), 3 * torch.randn(1, 256, 1, 1)
    noise = (torch.arange(10_000) + 0.5).div(10_000).view(-1, 1, 1, 1)
    drawn = likelihood.draw(parameters.expand(10_000, -1, -1, -1), noise)
    torch.testing.assert_close(likelihood.mean(parameters), drawn.mean(0, keepdim=True), rtol=0, atol=1e-3)


def test_noise_of_0_and_almost_1_gives_levels_of_the_ends():
    likelihood, parameters = SoftmaxLevels(4), torch.zeros(1, 4, 1, 2)
    noise = torch.tensor([0.0, 1 - 2**-24]).view(1, 1, 1, 2)
    assert likelihood.draw(parameters, noise).flatten().tolist() == [-1, 1]


def test_a_level_alone_is_refused():
    with pytest.raises(GenzooError, match=r"model.likelihood.levels=1: an integer from 2 to 256"):
        SoftmaxLevels(1)
