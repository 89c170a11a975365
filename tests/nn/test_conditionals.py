"""The moments of drawn codes."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.nn.conditionals import Deterministic, GaussianDraw, NoiseInput

N = 100_000


def moments(codes):
    return codes.mean(0), torch.cov(codes.T)


def repeated(values):
    """The same image N times, (N, C, 1, 1)."""
    return torch.tensor(values).view(1, -1, 1, 1).expand(N, -1, 1, 1)


def test_deterministic_codes_are_the_outputs():
    images = torch.randn(5, 3, 1, 1)
    for method in (Deterministic().draw, Deterministic().mean):
        assert torch.equal(method(lambda x: 2 * x.flatten(1), images), 2 * images.flatten(1))
    assert (Deterministic().outputs(7), Deterministic().noise) == (7, 0)


def test_gaussian_codes_have_the_outputs_mean_and_standard_deviation():
    torch.manual_seed(0)
    conditional, images = GaussianDraw(), repeated([1.0, -2.0, 0.5, -1.0])
    mean, covariance = moments(conditional.draw(lambda x: x.flatten(1), images))
    torch.testing.assert_close(mean, torch.tensor([1.0, -2.0]), atol=0.03, rtol=0)
    torch.testing.assert_close(covariance, torch.diag(torch.tensor([1.0, -2.0]).exp()), atol=0.05, rtol=0)
    assert torch.equal(conditional.mean(lambda x: x.flatten(1), images[:1]), torch.tensor([[1.0, -2.0]]))
    assert (conditional.outputs(7), conditional.noise) == (14, 0)


def test_gaussian_codes_are_differentiable():
    outputs = torch.tensor([[0.3, 0.7]], requires_grad=True)
    z = GaussianDraw().draw(lambda x: outputs, torch.zeros(1, 1, 1, 1))
    (gradient,) = torch.autograd.grad(z.sum(), outputs)
    torch.testing.assert_close(gradient, torch.cat([torch.ones(1, 1), z - 0.3], 1).detach())  # dz / d log σ = σ ε


def test_noise_is_a_further_input():
    torch.manual_seed(0)
    conditional, mixing = NoiseInput(noise=2), torch.tensor([[1.0, 0.5, 2.0], [0.0, 1.0, -1.0]])
    codes = conditional.draw(lambda x: x.flatten(1) @ mixing.T, repeated([3.0]))
    mean, covariance = moments(codes)
    torch.testing.assert_close(mean, torch.tensor([3.0, 0.0]), atol=0.03, rtol=0)
    torch.testing.assert_close(covariance, mixing[:, 1:] @ mixing[:, 1:].T, atol=0.06, rtol=0)
    assert torch.equal(
        conditional.mean(lambda x: x.flatten(1) @ mixing.T, repeated([3.0])[:1]), torch.tensor([[3.0, 0]])
    )
    assert (conditional.outputs(7), conditional.noise) == (7, 2)


def test_each_pixel_has_its_own_noise():
    noise = NoiseInput(noise=3).draw(lambda x: x.flatten(1), torch.zeros(2, 1, 4, 5)).view(2, 4, 20)[:, 1:]
    assert len(noise.flatten().unique()) == 120


def test_noise_is_positive():
    with pytest.raises(GenzooError, match=r"model\.conditional\.noise=0: a positive integer is needed"):
        NoiseInput(noise=0)
