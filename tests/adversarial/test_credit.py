"""Coefficients of the score-function gradient, on an alphabet of four symbols."""

import pytest
import torch

from genzoo.adversarial.credit import ImportanceWeights, Reinforce

P = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64)
Q = torch.tensor([1, 1, 2, 4], dtype=torch.float64) / 8
F = (P / Q).log()  # the optimal logit
# Eight draws in which each symbol is exactly as frequent as its probability: means over them are expectations.
DRAWS = torch.tensor([0, 1, 2, 2, 3, 3, 3, 3])


def theta():
    """Logits of Q."""
    return Q.log().requires_grad_()


def update(credit, draws=DRAWS):
    """Σ c_m ∇ log q(x_m)."""
    parameters = theta()
    score = (credit(F[draws][:, None])[:, 0] * parameters.log_softmax(0)[draws]).sum()
    return torch.autograd.grad(score, parameters)[0]


def kl(p, q):
    return (p * (p.log() - q.log())).sum()


def test_ratios_have_the_mean_1():
    assert (Q * F.exp()).sum().item() == pytest.approx(1)
    assert F[DRAWS].exp().mean().item() == pytest.approx(1)


def test_importance_weights_descend_the_divergence_of_the_data_from_the_generator():
    parameters = theta()
    (expected,) = torch.autograd.grad(-kl(P, parameters.softmax(0)), parameters)
    assert torch.allclose(update(ImportanceWeights()), expected, atol=1e-12)
    assert torch.allclose(expected, P - Q)


def test_rewards_descend_the_reverse_divergence():
    parameters = theta()
    (expected,) = torch.autograd.grad(-kl(parameters.softmax(0), P), parameters)
    assert torch.allclose(update(Reinforce()), expected, atol=1e-12)
    assert not torch.allclose(expected, P - Q, atol=0.01)


def test_weights_sum_to_1_per_code_and_ignore_a_shift():
    logits = torch.randn(5, 3)
    weights = ImportanceWeights()(logits)
    assert torch.allclose(weights.sum(0), torch.ones(3))
    assert torch.allclose(ImportanceWeights()(logits + 100), weights, atol=1e-5)
    assert torch.allclose(ImportanceWeights()(torch.full((5, 3), 7.0)), torch.full((5, 3), 0.2))


def test_rewards_by_hand():
    rewards = 2 * Reinforce()(torch.tensor([[0.0], [3.0]]).log1p())  # F = 0 and log 4, β = 5/2
    expected = torch.tensor([[1 / 2.5], [4 / 2.5]]).log() - 1
    assert torch.allclose(rewards, expected)


def test_the_mean_over_many_draws_is_the_exact_update():
    generator = torch.Generator().manual_seed(0)
    draws = torch.multinomial(Q, 200_000, replacement=True, generator=generator)
    exact = P - Q
    assert torch.allclose(update(ImportanceWeights(), draws), exact, atol=0.01)
