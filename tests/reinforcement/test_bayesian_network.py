"""Bayesian layers, against drawn weights and torch's distributions."""

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence
from torch.nn.functional import linear, relu, softplus

from genzoo.core.errors import GenzooError
from genzoo.reinforcement.bayesian_network import BayesianLinear, BayesianNetwork


def scattered(module):
    """The module with deviations of all sizes."""
    for name, p in module.named_parameters():
        if name.endswith("rho"):
            p.data += torch.randn_like(p)
    return module


def posterior(layer):
    return Normal(layer.mean, softplus(layer.rho))


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_outputs_are_distributed_as_those_of_drawn_weights():
    layer, x, n = scattered(BayesianLinear(3, 2)), torch.randn(4, 3), 40_000
    outputs = layer(x, torch.randn(n, 4, 2)).detach()
    drawn = posterior(layer).sample((n,))
    expected = torch.einsum("bi,sio->sbo", x, drawn[:, :-1]) + drawn[:, -1:]
    torch.testing.assert_close(outputs.mean(0), expected.mean(0), rtol=0.02, atol=0.05)
    torch.testing.assert_close(outputs.std(0), expected.std(0), rtol=0.02, atol=0)


def test_it_begins_at_the_priors_deviation_with_scattered_means():
    layer = BayesianLinear(99, 100, prior_std=0.5)
    torch.testing.assert_close(softplus(layer.rho), torch.full((100, 100), 0.5))
    assert layer.mean.std().item() == pytest.approx(1, abs=0.03)
    assert layer.mean.mean().item() == pytest.approx(0, abs=0.03)


def test_the_divergence_from_the_prior_is_torchs():
    network = scattered(BayesianNetwork(3, 2, hidden=[4], prior_std=0.7))
    expected = sum(kl_divergence(posterior(layer), Normal(0.0, 0.7)).sum() for layer in network.layers)
    torch.testing.assert_close(network.divergence(), expected)


def test_the_curvature_is_the_hessian_of_the_divergence_between_posteriors():
    layer = scattered(BayesianLinear(2, 2).double())
    fixed = Normal(layer.mean.detach(), softplus(layer.rho).detach())

    def divergence(both):
        return kl_divergence(Normal(both[0], softplus(both[1])), fixed).sum()

    both = torch.stack([layer.mean, layer.rho]).detach()
    hessian = torch.autograd.functional.hessian(divergence, both).reshape(12, 12)
    found = torch.cat([layer.curvature()[name].flatten() for name in ("mean", "rho")])
    torch.testing.assert_close(torch.diag(found), hessian)


def test_hidden_layers_are_rectified_and_the_last_is_not():
    network, x = BayesianNetwork(3, 2, hidden=[6, 5]), torch.randn(7, 3)
    for layer in network.layers:
        layer.rho.data.fill_(-50)  # nothing is random
    weights = [(layer.mean[:-1].T, layer.mean[-1]) for layer in network.layers]
    expected = linear(relu(linear(relu(linear(x, *weights[0])), *weights[1])), *weights[2])
    found = network(x)
    assert found.shape == (10, 7, 2)
    torch.testing.assert_close(found, expected.expand(10, 7, 2))


def test_the_expected_likelihood_is_the_mean_over_samples():
    network, outputs, y = BayesianNetwork(3, 2, likelihood_std=5.0), torch.randn(10, 7, 2) * 9, torch.randn(7, 2)
    expected = Independent(Normal(outputs, 5.0), 1).log_prob(y).mean(0)
    torch.testing.assert_close(network.expected_log_likelihood(outputs, y), expected)


@pytest.mark.parametrize("shared", [False, True])
def test_noise_is_drawn_for_each_vector_or_for_the_batch(shared):
    outputs = BayesianNetwork(3, 2, shared_noise=shared)(torch.ones(2, 3))
    assert torch.equal(outputs[:, 0], outputs[:, 1]) == shared
    assert len(outputs[:, 0, 0].unique()) == 10


@pytest.mark.parametrize(("key", "value"), [("prior_std", 0.0), ("likelihood_std", float("nan")), ("samples", 0)])
def test_settings_out_of_range_are_refused(key, value):
    with pytest.raises(GenzooError, match=f"model.dynamics.{key}={value}: a positive"):
        BayesianNetwork(3, 2, **{key: value})
