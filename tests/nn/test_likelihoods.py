import math

import pytest
import torch
from scipy.stats import bernoulli, logistic

from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.nn.likelihoods import Bernoulli, DiscretisedLogistic

ALL = from_levels(torch.arange(256, dtype=torch.uint8)).view(256, 1, 1, 1)


def of_all_levels(head, location):
    """Probabilities of the 256 levels of a pixel at one location."""
    return head.log_prob(ALL.to(location.dtype), location.expand(256, 1, 1, 1)).exp().flatten()


def test_bernoulli_pixels_have_the_probability_that_their_logit_says():
    logits = torch.randn(3, 2, 4, 5, generator=torch.Generator().manual_seed(0))
    levels = (torch.rand(3, 2, 4, 5, generator=torch.Generator().manual_seed(1)) < 0.5).to(torch.uint8)
    found = Bernoulli().log_prob(from_levels(levels, 2), logits)
    expected = torch.from_numpy(bernoulli.logpmf(levels.numpy(), torch.sigmoid(logits).double().numpy())).sum(1)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(Bernoulli().mean(logits), torch.sigmoid(logits) * 2 - 1)


@pytest.mark.parametrize("log_scale", [-7.0, -4.0, -1.0, 2.0])
@pytest.mark.parametrize("location", [-3.0, -0.498, -0.2, 0.0, 0.3, 0.9])
def test_the_probabilities_of_all_levels_sum_to_one(location, log_scale):
    head = DiscretisedLogistic()
    head.log_scale.data.fill_(log_scale)
    found = of_all_levels(head, torch.tensor(location))
    assert found.sum().item() == pytest.approx(1, abs=1e-5)
    assert (found >= 0).all()


def test_a_level_has_the_logistics_probability_of_its_bin():
    head = DiscretisedLogistic(channels=3).double()
    head.log_scale.data = torch.tensor([-3.0, -2.0, 0.5], dtype=torch.double)
    location = torch.tensor([0.1, -0.3, 0.45], dtype=torch.double).view(1, 3, 1, 1)
    levels = torch.tensor([[0, 100, 255], [140, 0, 3], [255, 255, 0]])
    images = from_levels(levels.to(torch.uint8)).double().view(3, 3, 1, 1)
    found = head.log_prob(images, location.expand(3, 3, 1, 1)).flatten()
    for row, log_prob in zip(levels.tolist(), found.tolist(), strict=True):
        expected = 0.0
        for level, mean, log_scale in zip(row, location.flatten().tolist(), head.log_scale.tolist(), strict=True):
            bin_of = logistic(mean, math.exp(log_scale))
            lower = -math.inf if level == 0 else level / 256 - 0.5
            upper = math.inf if level == 255 else (level + 1) / 256 - 0.5
            expected += math.log(bin_of.cdf(upper) - bin_of.cdf(lower))
        assert log_prob == pytest.approx(expected, rel=1e-9)


def test_the_originals_floor_is_added_to_finite_bins():
    head = DiscretisedLogistic(floor=1e-7).double()
    head.log_scale.data.fill_(-2.0)
    found = of_all_levels(head, torch.tensor(0.1, dtype=torch.double))
    whole = logistic(0.1, math.exp(-2))
    assert found.sum().item() == pytest.approx(whole.cdf(0.5) - whole.cdf(-0.5) + 256e-7, rel=1e-9)
    assert found[40].item() == pytest.approx(whole.cdf(41 / 256 - 0.5) - whole.cdf(40 / 256 - 0.5) + 1e-7, rel=1e-9)


@pytest.mark.parametrize("floor", [0, -1.0])
def test_a_floor_that_is_not_positive_is_refused(floor):
    with pytest.raises(GenzooError, match=r"model.likelihood.floor=.*: expected a positive probability"):
        DiscretisedLogistic(floor=floor)


def test_scales_are_one_or_one_a_channel():
    assert DiscretisedLogistic(channels=3).outputs(3) == DiscretisedLogistic().outputs(3) == 3
    with pytest.raises(GenzooError, match=r"model.likelihood.channels=3: the images have 1; give 1, or 1"):
        DiscretisedLogistic(channels=3).outputs(1)


def test_locations_beyond_the_range_are_clipped_half_a_bin_inside():
    head = DiscretisedLogistic()
    found = of_all_levels(head, torch.tensor(2.0))
    torch.testing.assert_close(found, of_all_levels(head, torch.tensor(0.5 - 1 / 512)))
    assert head.mean(torch.tensor([2.0, -0.25])).tolist() == [pytest.approx(1 - 1 / 256), -0.5]


@pytest.mark.parametrize("level", [0, 7, 255])
def test_gradients_are_finite_far_from_the_level_and_pull_towards_it(level):
    head = DiscretisedLogistic()
    head.log_scale.data.fill_(-7.0)
    location = torch.full((1, 1, 1, 1), 0.3, requires_grad=True)
    head.log_prob(ALL[level].unsqueeze(0), location).sum().backward()
    assert location.grad.isfinite().all()
    assert head.log_scale.grad.isfinite().all()
    assert location.grad.sign().item() == (1 if level == 255 else -1)


@pytest.mark.parametrize("head", [Bernoulli(), DiscretisedLogistic()])
def test_half_precision_parameters_are_scored_in_float32(head):
    images = from_levels(torch.tensor([0, 1], dtype=torch.uint8), head.levels).view(2, 1, 1, 1)
    found = head.log_prob(images, torch.zeros(2, 1, 1, 1, dtype=torch.bfloat16))
    assert found.dtype == head.mean(torch.zeros(2, 1, 1, 1, dtype=torch.bfloat16)).dtype == torch.float32


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_binary_pixels_are_drawn_with_their_probabilities(temperature):
    noise = ((torch.arange(1000) + 0.5) / 1000).view(-1, 1, 1, 1)
    drawn = Bernoulli().draw(torch.full((1000, 1, 1, 1), 0.7), noise, temperature)
    assert set(drawn.unique().tolist()) == {-1, 1}
    probability = 1 / (1 + math.exp(-0.7 / temperature))
    assert (drawn == 1).float().mean().item() == pytest.approx(probability, abs=1e-3)
