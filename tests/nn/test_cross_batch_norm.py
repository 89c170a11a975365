import pytest
import torch
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.nn.cross_batch_norm import CrossBatchNorm


def make(channels=4):
    torch.manual_seed(0)
    layer = CrossBatchNorm(channels).double()
    torch.nn.init.normal_(layer.weight)
    torch.nn.init.normal_(layer.bias)
    return layer


def halves(*space):
    torch.manual_seed(1)
    return torch.randn(5, 4, *space, dtype=torch.double), torch.randn(5, 4, *space, dtype=torch.double) * 3 + 2


def with_statistics_of(half, x, layer):
    """Torch's batch norm of x with the moments of one half of the batch."""
    dims = [d for d in range(x.dim()) if d != 1]
    variance, mean = torch.var_mean(half, dims, correction=0)
    return F.batch_norm(x, mean, variance, layer.weight[:, 0], layer.bias[:, 0])


@pytest.mark.parametrize("space", [(3, 2), ()])
def test_half_of_the_channels_have_statistics_of_real_examples_and_half_of_generated_ones(space):
    layer, (real, fake) = make(), halves(*space)
    out = layer(torch.cat([real, fake]))
    for x, found in zip((real, fake), out.chunk(2), strict=True):
        torch.testing.assert_close(found[:, :2], with_statistics_of(real, x, layer)[:, :2])
        torch.testing.assert_close(found[:, 2:], with_statistics_of(fake, x, layer)[:, 2:])


def test_gradients_are_right_and_cross_the_halves():
    layer, x = make(), torch.cat(halves()).requires_grad_()
    (gradient,) = torch.autograd.grad(layer(x)[:5].square().sum(), x)  # of what comes of real examples
    assert (gradient[5:, 2:].abs() > 0).all()
    assert not gradient[5:, :2].any()
    assert torch.autograd.gradcheck(layer, x)


def test_an_odd_number_of_channels_is_refused():
    with pytest.raises(GenzooError, match="needs even channels, not 7"):
        CrossBatchNorm(7)


def test_gains_and_shifts_start_as_published():
    layer = CrossBatchNorm(20_000)
    assert layer.weight.mean().item() == pytest.approx(1, abs=1e-3)
    assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert not layer.bias.any()


def test_in_half_precision_moments_are_float32():
    layer, x = make().float(), torch.cat(halves(4, 4)).float() + 5
    half = layer(x.bfloat16())
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), layer(x.bfloat16().float()), rtol=0.01, atol=0.01)
