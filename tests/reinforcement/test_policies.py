import math

import numpy as np
import pytest
import torch
from torch import nn

from genzoo.reinforcement.policies import (
    CategoricalPolicy,
    GaussianPolicy,
    divergence_from_itself,
    mean_divergence,
)


def scrambled(policy):
    """With any weights instead of the first ones."""
    torch.manual_seed(0)
    for parameter in policy.parameters():
        nn.init.normal_(parameter, std=0.5)
    return policy


@pytest.fixture
def choosing():
    return scrambled(CategoricalPolicy(3, 4, [8]))


@pytest.fixture
def pointing():
    return scrambled(GaussianPolicy(3, 2, [8], log_std=-1.0))


X = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))


def test_a_categorical_policy_is_the_softmax_of_its_network(choosing):
    logits = choosing.network(X).double().detach().numpy()
    expected = logits[:, 2] - np.log(np.exp(logits).sum(1))
    assert np.allclose(choosing(X).log_prob(torch.full((5,), 2)).detach(), expected, atol=1e-5)


def test_a_gaussian_policy_has_the_mean_of_its_network_and_deviations_of_its_own(pointing):
    mean, std = pointing.network(X).detach().numpy(), np.exp(pointing.log_std.detach().numpy())
    actions = np.array([[0.3, -0.2]] * 5, np.float32)
    expected = (-0.5 * ((actions - mean) / std) ** 2 - np.log(std) - 0.5 * math.log(2 * math.pi)).sum(1)
    assert np.allclose(pointing(X).log_prob(torch.as_tensor(actions)).detach(), expected, atol=1e-5)


def test_a_gaussian_policy_starts_with_the_deviation_it_is_given():
    assert torch.allclose(GaussianPolicy(3, 2, [8], log_std=-0.5)(X).stddev, torch.full((5, 2), math.exp(-0.5)))


def test_numpys_choices_have_the_policys_probabilities(choosing):
    act, random = choosing.actor(), np.random.default_rng(0)
    chosen = np.bincount([act(X[0].numpy(), random) for _ in range(20_000)], minlength=4) / 20_000
    assert np.allclose(chosen, choosing(X[0]).probs.detach(), atol=0.012)


def test_numpys_points_have_the_policys_mean_and_deviation(pointing):
    act, random = pointing.actor(), np.random.default_rng(0)
    points = np.stack([act(X[0].numpy(), random) for _ in range(20_000)])
    law = pointing(X[0])
    std = law.stddev.detach().numpy()
    assert np.allclose(points.mean(0), law.mean.detach(), atol=4 * std.max() / 20_000**0.5)
    assert np.allclose(points.std(0), std, rtol=0.03)


@pytest.mark.parametrize("kind", ["choosing", "pointing"])
def test_draws_are_of_the_law_and_the_same_for_the_same_generator(kind, request):
    policy = request.getfixturevalue(kind)
    law = policy(X[:1].expand(20_000, 3))
    a, b = (policy.sample(law, torch.Generator().manual_seed(0)) for _ in range(2))
    assert torch.equal(a, b)
    if kind == "choosing":
        assert torch.allclose(a.bincount(minlength=4) / 20_000, law.probs[0], atol=0.012)
    else:
        assert torch.allclose(a.mean(0), law.mean[0], atol=0.05)
        assert torch.allclose(a.std(0), law.stddev[0], rtol=0.03)


def test_a_number_beyond_the_last_sum_means_the_last_action(choosing):
    class Largest:
        def random(self):
            return 1.0

    assert choosing.actor()(X[0].numpy(), Largest()) == 3


def test_the_divergence_is_in_closed_form(choosing, pointing):
    other = scrambled(CategoricalPolicy(3, 4, [8]))
    with torch.no_grad():
        other.network.layers[-1].bias += torch.tensor([1.0, 0.0, -1.0, 0.5])
    p, q = choosing(X).probs, other(X).probs
    assert torch.allclose(mean_divergence(choosing(X), other(X)), (p * (p / q).log()).sum(1).mean(), atol=1e-6)
    far = scrambled(GaussianPolicy(3, 2, [8]))
    with torch.no_grad():
        far.log_std += 0.3
        far.network.layers[-1].bias += 0.5
    (m, s), (n, t) = ((law.mean, law.stddev) for law in (pointing(X), far(X)))
    expected = ((t / s).log() + (s**2 + (m - n) ** 2) / (2 * t**2) - 0.5).sum(1).mean()
    assert torch.allclose(mean_divergence(pointing(X), far(X)), expected, atol=1e-6)


def test_the_divergence_from_itself_curves_as_the_fisher_information():
    """Of a softmax: diag(p) - p pᵀ, by the last layer's biases."""
    policy = scrambled(CategoricalPolicy(3, 4, [8]))
    bias = policy.network.layers[-1].bias
    divergence = divergence_from_itself(policy, X[:1])
    (slope,) = torch.autograd.grad(divergence, bias, create_graph=True)
    curvature = torch.stack([torch.autograd.grad(s, bias, retain_graph=True)[0] for s in slope])
    p = policy(X[:1]).probs[0].detach()
    assert divergence.item() == pytest.approx(0, abs=1e-7)
    assert torch.allclose(curvature, p.diag() - torch.outer(p, p), atol=1e-6)
