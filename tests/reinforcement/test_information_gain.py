"""The gain of a pair, against an update that is made and undone, and against a linear model's in closed form."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import softplus

from genzoo.reinforcement.bayesian_network import BayesianNetwork
from genzoo.reinforcement.information_gain import information_gain


def network_and_pairs(hidden, n=5, **options):
    torch.manual_seed(0)
    network = BayesianNetwork(3, 2, hidden=hidden, **options).double()
    for name, p in network.named_parameters():
        if name.endswith("rho"):
            p.data += 0.5 * torch.randn_like(p)
    return network, torch.randn(n, 3).double(), 3 * torch.randn(n, 2).double()


def posteriors(network):
    return [Normal(layer.mean.detach().clone(), softplus(layer.rho.detach())) for layer in network.layers]


def learned(network, x, y, step):
    """The divergence of the posterior after one step along the natural gradient; the network is left as it was."""
    before, state = posteriors(network), {k: v.clone() for k, v in network.state_dict().items()}
    network.zero_grad()
    (-network.expected_log_likelihood(network(x), y)).sum().backward()
    for layer in network.layers:
        std = softplus(layer.rho.detach())
        layer.mean.data -= step * std**2 * layer.mean.grad
        layer.rho.data -= step * std**2 / (2 * torch.sigmoid(layer.rho.detach()) ** 2) * layer.rho.grad
    after = posteriors(network)
    network.load_state_dict(state)
    return sum(kl_divergence(a, b).sum() for a, b in zip(after, before, strict=True)).item()


@pytest.mark.parametrize("hidden", [[8], [6, 4]])
def test_it_is_to_second_order_what_an_update_changes(hidden, monkeypatch):
    network, x, y = network_and_pairs(hidden)
    noise = {size: torch.randn(10, 1, size) for size in (2, 4, 6, 8)}
    monkeypatch.setattr(torch, "randn", lambda samples, batch, size, device: noise[size])

    def error(step):
        gains = information_gain(network, x, y, step)
        explicit = [learned(network, x[i : i + 1], y[i : i + 1], step) for i in range(len(x))]
        return (gains / torch.tensor(explicit).double() - 1).abs().max().item()

    assert error(0.01) < 0.05
    assert error(1e-3) / error(1e-2) == pytest.approx(0.1, rel=0.3)
    assert error(1e-4) / error(1e-3) == pytest.approx(0.1, rel=0.3)


def test_of_a_linear_model_it_is_the_closed_form(monkeypatch):
    """For noise of ±1 two samples give the expectations of all squares exactly.

    ∂ℓ/∂μ = -(y - μ·x) x / s² and ∂ℓ/∂σ = x² σ / s², with the curvatures 1/σ² and 2/σ².
    """
    network, x, y = network_and_pairs([], samples=2, likelihood_std=1.5)
    signs = torch.tensor([1.0, -1.0]).view(2, 1, 1)
    monkeypatch.setattr(torch, "randn", lambda samples, batch, size, device: signs.expand(2, batch, size))
    (layer,) = network.layers
    one = torch.cat([x, torch.ones(5, 1)], dim=1)[..., None]  # (B, I + 1, 1)
    error = (y - (one * layer.mean).sum(1))[:, None]  # (B, 1, O)
    std = softplus(layer.rho)
    of_mean = (error * one / 1.5**2).square() * std**2
    of_std = (one.square() * std / 1.5**2).square() * std**2 / 2
    expected = 0.5 * 0.01**2 * (of_mean + of_std).sum((1, 2))
    torch.testing.assert_close(information_gain(network, x, y, 0.01), expected.detach())


def test_each_pair_has_noise_of_its_own_and_leaves_no_trace():
    network, x, y = network_and_pairs([8])
    before = {name: p.clone() for name, p in network.named_parameters()}
    first, again = (
        torch.manual_seed(1) and information_gain(network, x[:1].expand(3, 3), y[:1].expand(3, 2)) for _ in "ab"
    )
    assert torch.equal(first, again)
    assert len(first.unique()) == 3
    assert not first.requires_grad
    assert all(torch.equal(p, before[name]) and p.grad is None for name, p in network.named_parameters())


def test_a_compiled_network_may_be_asked():
    network, x, y = network_and_pairs([8])
    torch.manual_seed(1)
    expected = information_gain(network, x, y)
    network.compile(backend="eager")
    torch.manual_seed(1)
    assert torch.equal(information_gain(network, x, y), expected)
