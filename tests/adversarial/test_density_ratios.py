"""b-GAN's objectives on an alphabet of four symbols, where all expectations are sums."""

import pytest
import torch
from torch.nn.functional import softplus

from genzoo.adversarial.density_ratios import KLRatio, PearsonRatio

P = torch.tensor([0.1, 0.4, 0.3, 0.2], dtype=torch.double)
Q = torch.tensor([0.25, 0.25, 0.1, 0.4], dtype=torch.double)
# The discriminator's output for a ratio, and f.
OUTPUT = {PearsonRatio: lambda r: r.expm1().log(), KLRatio: torch.log}
F = {PearsonRatio: lambda u: (u - 1) ** 2 / 2, KLRatio: lambda u: u * u.log()}
BOTH = pytest.mark.parametrize("kind", F)


def expected(loss, v):
    """The loss's expectation for the outputs v: the mean over samples in the shares of p and q."""
    real, fake = (v.repeat_interleave((1000 * share).round().long()) for share in (P, Q))
    return loss(real=real, fake=fake)


@BOTH
def test_the_true_ratio_is_the_discriminators_minimum(kind):
    v = OUTPUT[kind](P / Q).requires_grad_()
    loss = expected(kind().discriminator, v)
    assert torch.autograd.grad(loss, v)[0].abs().max() < 1e-9
    for other in v.detach() + 0.05 * torch.randn(20, 4, dtype=torch.double, generator=torch.Generator().manual_seed(0)):
        assert expected(kind().discriminator, other) > loss


def bregman(kind, v):
    """E_q [f'(r) r - f(r)] - E_p f'(r), with f' by autograd."""
    ratio = (softplus(v) if kind is PearsonRatio else v.exp()).requires_grad_()
    value = F[kind](ratio)
    (slope,) = torch.autograd.grad(value.sum(), ratio)
    return (Q * (slope * ratio - value) - P * slope).sum()


@BOTH
def test_the_discriminators_loss_is_the_bregman_divergence_up_to_a_constant(kind):
    one, other = torch.tensor([[0.3, -0.5, 1.0, 0.1], [0.0, 2.0, -1.0, 0.4]], dtype=torch.double)
    difference = expected(kind().discriminator, one) - expected(kind().discriminator, other)
    torch.testing.assert_close(difference, bregman(kind, one) - bregman(kind, other))


@BOTH
def test_the_generators_loss_is_the_divergence_itself(kind):
    fake = OUTPUT[kind](P / Q).repeat_interleave((1000 * Q).round().long())
    torch.testing.assert_close(kind().generator(fake), (Q * F[kind](P / Q)).sum())
    assert kind().generator(OUTPUT[kind](torch.ones(3, dtype=torch.double))).item() == pytest.approx(0)  # where p = q


def test_pearsons_minimum_is_minus_a_half_minus_the_divergence():
    loss = expected(PearsonRatio().discriminator, OUTPUT[PearsonRatio](P / Q))
    torch.testing.assert_close(loss, -0.5 - (Q * F[PearsonRatio](P / Q)).sum())
