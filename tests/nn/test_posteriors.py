import math

import pytest
import torch
from torch import distributions as D

from genzoo.nn.posteriors import CategoricalPosterior, GaussianPosterior


def one_hot(n, size):
    return torch.eye(size, dtype=torch.double)[torch.randint(size, (n,))]


@pytest.mark.parametrize(
    ("posterior", "law", "value"),
    [
        (CategoricalPosterior(), lambda p: D.OneHotCategorical(logits=p), lambda: one_hot(7, 4)),
        (
            GaussianPosterior(),
            lambda p: D.Independent(D.Normal(p[:, :4], p[:, 4:].exp()), 1),
            lambda: torch.randn(7, 4, dtype=torch.double),
        ),
        (
            GaussianPosterior(fixed_std=0.3),
            lambda p: D.Independent(D.Normal(p[:, :4], 0.3), 1),
            lambda: torch.randn(7, 4, dtype=torch.double),
        ),
    ],
    ids=["categorical", "gaussian", "gaussian of fixed std"],
)
def test_values_gradients_and_means_agree_with_torch_distributions(posterior, law, value):
    torch.manual_seed(0)
    value = value()
    parameters = torch.randn(7, posterior.parameters(4), dtype=torch.double, requires_grad=True)
    found, expected = posterior.log_prob(value, parameters), law(parameters).log_prob(value)
    assert found.shape == (7,)
    torch.testing.assert_close(found, expected)
    (gradient,) = torch.autograd.grad((found * torch.arange(7)).sum(), parameters)
    (reference,) = torch.autograd.grad((expected * torch.arange(7)).sum(), parameters)
    torch.testing.assert_close(gradient, reference)
    torch.testing.assert_close(posterior.mean(parameters), law(parameters).mean)


def test_a_fixed_standard_deviation_ignores_the_networks():
    parameters = torch.tensor([[0.5, 100.0]], requires_grad=True)
    found = GaussianPosterior(fixed_std=1.0).log_prob(torch.tensor([[2.5]]), parameters)
    assert found.item() == pytest.approx(-0.5 * 2**2 - 0.5 * math.log(2 * math.pi))
    found.backward()
    assert parameters.grad.tolist() == [[2.0, 0.0]]


def test_an_extreme_logit_gives_a_finite_log_probability():
    parameters = torch.tensor([[200.0, -200.0]])
    assert CategoricalPosterior().log_prob(torch.tensor([[0.0, 1.0]]), parameters).item() == -400
