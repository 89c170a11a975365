"""Maximum mean discrepancies and the energy distance, against closed forms."""

import math

import pytest
import torch
from scipy.stats import energy_distance

from genzoo.adversarial.mmd import MMD, RBF, Linear, NegativeDistance
from genzoo.core.errors import GenzooError
from genzoo.nn.matching import MeanSquared

KERNELS = pytest.mark.parametrize("kernel", [RBF([0.5, 2.0]), Linear(), NegativeDistance()])


def normal(n, mean=0.0, features=1, seed=0):
    return torch.randn(n, features, dtype=torch.double, generator=torch.Generator().manual_seed(seed)) + mean


def test_the_gaussian_kernel_by_hand():
    x, y = torch.tensor([[0.0, 0.0], [3.0, 4.0]]), torch.tensor([[3.0, 4.0]])
    expected = [[math.exp(-25 / 2) + math.exp(-25 / 8) - 2], [0.0]]
    torch.testing.assert_close(RBF([1, 2])(x, y), torch.tensor(expected))


@pytest.mark.parametrize("unbiased", [False, True])
def test_mmd_of_two_normal_distributions_is_the_closed_form(unbiased):
    mu, sigmas, n = 1.5, (0.7, 2.0), 2000

    def kernel_mean(mu):
        """E k between N(0, 1) and N(mu, 1)."""
        return sum(s / math.sqrt(s**2 + 2) * math.exp(-(mu**2) / (2 * (s**2 + 2))) for s in sigmas)

    found = MMD(RBF(sigmas), unbiased)(normal(n), normal(n, mu, seed=1)).item()
    exact = 2 * kernel_mean(0) - 2 * kernel_mean(mu)
    bias = 0 if unbiased else 2 * (len(sigmas) - kernel_mean(0)) / n  # k(x, x) = 1 per bandwidth
    assert found == pytest.approx(exact + bias, rel=0.05)


def test_the_unbiased_estimate_of_two_halves_of_a_sample_is_0_on_average():
    draws = normal(4000, features=2).view(200, 20, 2)
    for unbiased in (True, False):
        values = torch.stack([MMD(RBF([1.0]), unbiased)(half[:10], half[10:]) for half in draws])
        error = values.std() / len(values) ** 0.5
        assert (values.mean().abs() < 3 * error) == unbiased
        assert (values < 0).any() == unbiased


def test_of_the_linear_kernel_it_is_the_squared_distance_of_the_means():
    x, y = normal(6, features=3), normal(4, 1.0, features=3, seed=1)
    expected = (x.mean(0) - y.mean(0)).square().sum()
    torch.testing.assert_close(MMD(Linear())(x, y), expected)
    torch.testing.assert_close(MMD(Linear(), root=True)(x, y), expected.sqrt())
    torch.testing.assert_close(MeanSquared()(x, y) * 3, expected)


def test_of_the_negative_distance_it_is_the_energy_distance():
    x, y = normal(30), normal(20, 1.0, seed=1)
    # scipy's is the root of twice the integral of squared differences of the distribution functions.
    expected = energy_distance(x[:, 0].numpy(), y[:, 0].numpy()) ** 2
    assert MMD(NegativeDistance())(x, y).item() == pytest.approx(expected)


@KERNELS
@pytest.mark.parametrize("root", [False, True])
def test_gradients_by_both_samples(kernel, root):
    x, y = (normal(5, mean, 2, seed).requires_grad_() for mean, seed in ((0, 0), (1, 1)))
    assert torch.autograd.gradcheck(MMD(kernel, root=root), (x, y))
    assert MMD(kernel, root=root)(x, y) > 0


@KERNELS
@pytest.mark.parametrize("unbiased", [False, True])
def test_of_identical_batches_the_root_has_a_finite_gradient(kernel, unbiased):
    for x in (torch.randn(4, 3), torch.zeros(4, 3)):
        y = x.clone().requires_grad_()
        value = MMD(kernel, unbiased, root=True)(x, y)
        value.backward()
        assert value.isfinite()
        assert y.grad.isfinite().all()


def test_small_differences_are_not_lost_in_float32():
    x, y = torch.randn(2, 16, 8) * 1e-4
    found = MMD(RBF([1, 16]), root=True)(x, y + 1e-4)
    torch.testing.assert_close(
        found, MMD(RBF([1, 16]), root=True)(x.double(), y.double() + 1e-4).float(), rtol=1e-3, atol=0
    )
    assert found > 0


@KERNELS
def test_half_precision_is_compared_in_float32(kernel):
    x, y = torch.randn(4, 3).bfloat16(), torch.randn(4, 3).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        found = MMD(kernel)(x, y)
    torch.testing.assert_close(found, MMD(kernel)(x.float(), y.float()), rtol=1e-6, atol=0)


def test_bad_settings_are_refused():
    with pytest.raises(GenzooError, match=r"scope='batch' is unknown"):
        MMD(Linear(), scope="batch")
    for sigmas in ([], [1, 0]):
        with pytest.raises(GenzooError, match=r"kernel.sigmas=.*: bandwidths above 0 are needed"):
            RBF(sigmas)
    with pytest.raises(GenzooError, match=r"recipe.batch_size=1: an unbiased MMD needs at least 2 images"):
        MMD(Linear(), unbiased=True)(torch.zeros(1, 2), torch.zeros(4, 2))
