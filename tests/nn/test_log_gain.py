"""Weight normalisation with a log-gain: its formula, its gradient, its data-dependent initialisation."""

import math

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from genzoo.nn.data_dependent import initialise_from_data
from genzoo.nn.log_gain import LogGainConv2d, LogGainConvTranspose2d, LogGainLinear

LAYERS = {
    "linear": (LogGainLinear, nn.Linear, (5, 4), (7, 5), 0),
    "conv": (LogGainConv2d, nn.Conv2d, (3, 4, 3), (7, 3, 6, 6), 0),
    "transposed": (LogGainConvTranspose2d, nn.ConvTranspose2d, (3, 4, 5), (7, 3, 6, 6), 1),
}
layers = pytest.mark.parametrize("kind", LAYERS)


def built(kind, **options):
    ours, _, args, shape, _ = LAYERS[kind]
    torch.manual_seed(0)
    return ours(*args, **options).double(), torch.randn(shape).double() + 0.5


@layers
def test_the_gain_is_the_exponential_of_three_times_the_parameter(kind):
    layer, x = built(kind)
    _, theirs, args, _, dim = LAYERS[kind]
    other = weight_norm(theirs(*args).double(), dim=dim)
    gain = other.parametrizations.weight.original0
    with torch.no_grad():
        layer.gain.copy_(torch.randn(4) / 2)
        gain.copy_((3 * layer.gain).exp().view_as(gain))
        other.bias.copy_(layer.bias)
        other.parametrizations.weight.original1.copy_(layer.weight)
    torch.testing.assert_close(layer(x), other(x))
    layer(x).square().sum().backward()
    other(x).square().sum().backward()
    torch.testing.assert_close(layer.gain.grad, 3 * (gain * gain.grad).flatten())
    torch.testing.assert_close(layer.weight.grad, other.parametrizations.weight.original1.grad)


@layers
@pytest.mark.parametrize("speed", [1.0, 3.0])
def test_initialisation_is_by_the_same_parametrisation(kind, speed):
    layer, x = built(kind, speed=speed)
    assert torch.equal(layer.gain, torch.zeros(4).double())
    before = layer(x).transpose(0, 1).flatten(1).std(1, correction=0)
    initialise_from_data(layer, lambda: x)
    y = layer(x).transpose(0, 1).flatten(1)
    torch.testing.assert_close(y.mean(1), torch.zeros(4).double(), atol=1e-12, rtol=0)
    torch.testing.assert_close(y.std(1, correction=0), torch.full((4,), 0.1).double())
    torch.testing.assert_close(layer.gain, torch.log(0.1 / before) / speed)


@layers
def test_on_constant_input_the_gain_stays(kind):
    # As at the top of a ladder, whose learned vector is 0 at first.
    layer, x = built(kind)
    initialise_from_data(layer, lambda: torch.zeros_like(x))
    assert torch.equal(layer.gain, torch.zeros(4).double())
    assert torch.equal(layer.bias, torch.zeros(4).double())


def test_directions_start_small():
    torch.manual_seed(0)
    weight = LogGainLinear(300, 300).weight
    assert math.isclose(weight.std().item(), 0.05, rel_tol=0.02)
    assert abs(weight.mean().item()) < 1e-3
