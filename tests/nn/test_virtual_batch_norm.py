import pytest
import torch
from torch.nn import functional as F

from genzoo.nn.virtual_batch_norm import VirtualBatchNorm

N, CHANNELS = 3, 2


def make(reference=N):
    torch.manual_seed(0)
    layer = VirtualBatchNorm(CHANNELS, reference).double()
    torch.nn.init.normal_(layer.weight)
    torch.nn.init.normal_(layer.bias)
    return layer


def batch(*space, live=4):
    """The reference and the live examples, of means and scales of their own."""
    torch.manual_seed(1)
    n = N + live
    means, scales = (torch.randn(n, CHANNELS, *[1] * len(space), dtype=torch.double) for _ in range(2))
    return means + scales * torch.randn(n, CHANNELS, *space, dtype=torch.double)


def test_values_by_hand():
    layer = VirtualBatchNorm(1, reference=1, eps=0.0)
    layer.weight.data.fill_(2.0)
    layer.bias.data.fill_(10.0)
    out = layer(torch.tensor([[[0.0, 4.0]], [[1.0, 3.0]]]))
    # reference: mean 2, E[x²] 8, std 2; live: own mean 2, E[x²] 5, so mean 2, E[x²] (8 + 5) / 2, std sqrt(2.5)
    torch.testing.assert_close(out[0, 0], torch.tensor([8.0, 12.0]))
    torch.testing.assert_close(out[1, 0], torch.tensor([10 - 2 / 2.5**0.5, 10 + 2 / 2.5**0.5]))


@pytest.mark.parametrize("space", [(4, 5), (6,), ()])
def test_each_example_is_normalised_as_one_more_member_of_the_reference(space):
    layer, x = make(), batch(*space)
    out = layer(x)
    plain = {"weight": layer.weight[:, 0], "bias": layer.bias[:, 0], "training": True}
    torch.testing.assert_close(out[:N], F.batch_norm(x[:N], None, None, **plain))
    for i in range(N, len(x)):
        together = F.batch_norm(torch.cat([x[:N], x[i : i + 1]]), None, None, **plain)
        torch.testing.assert_close(out[i], together[-1])


def test_batch_mates_do_not_matter():
    layer, x = make(), batch(4, 4)
    alone = torch.cat([layer(torch.cat([x[:N], x[i : i + 1]]))[N:] for i in range(N, len(x))])
    torch.testing.assert_close(layer(x)[N:], alone, rtol=0, atol=1e-14)
    assert len(layer(x[:N])) == N  # no live examples at all


def test_gradients_are_right_and_reach_the_reference():
    layer, x = make(), batch(2, 2, live=2).requires_grad_()
    (gradient,) = torch.autograd.grad(layer(x)[N:].square().sum(), x)
    assert (gradient[:N].abs() > 0).all()
    assert torch.autograd.gradcheck(layer, x)


def test_gains_and_shifts_start_as_published():
    layer = VirtualBatchNorm(20_000, reference=1)
    assert layer.weight.mean().item() == pytest.approx(1, abs=1e-3)
    assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert not layer.bias.any()


def test_in_half_precision_moments_are_float32():
    layer, x = make().float(), batch(8, 8).float() + 5
    half = layer(x.bfloat16())
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), layer(x.bfloat16().float()), rtol=0.01, atol=0.01)
