"""Weight normalisation: its formula, its data-dependent initialisation."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from genzoo.nn.data_dependent import initialise_from_data
from genzoo.nn.weight_norm import WeightNormConv2d, WeightNormConvTranspose2d, WeightNormLinear

LAYERS = {
    "linear": (WeightNormLinear, nn.Linear, (5, 4), {}, (7, 5), 0),
    "conv": (WeightNormConv2d, nn.Conv2d, (3, 4, 3), {"stride": 2, "padding": 1}, (7, 3, 6, 6), 0),
    "transposed": (
        *(WeightNormConvTranspose2d, nn.ConvTranspose2d, (3, 4, 5)),
        *({"stride": 2, "padding": 2, "output_padding": 1}, (7, 3, 6, 6), 1),
    ),
}
layers = pytest.mark.parametrize("kind", LAYERS)


def built(kind, **options):
    ours, _, args, geometry, shape, _ = LAYERS[kind]
    torch.manual_seed(0)
    return ours(*args, **geometry, **options), torch.randn(shape) + 0.5


@layers
def test_it_is_torchs_weight_normalisation(kind):
    layer, x = (thing.double() for thing in built(kind, train_gain=True, eps=0.0))
    _, theirs, args, geometry, _, dim = LAYERS[kind]
    other = weight_norm(theirs(*args, **geometry).double(), dim=dim)
    with torch.no_grad():
        layer.gain.copy_(torch.rand(4) + 0.5)
        layer.bias.copy_(torch.randn(4))
        other.bias.copy_(layer.bias)
        other.parametrizations.weight.original0.copy_(layer.gain.view_as(other.parametrizations.weight.original0))
        other.parametrizations.weight.original1.copy_(layer.weight)
    torch.testing.assert_close(layer(x), other(x))
    layer(x).square().sum().backward()
    other(x).square().sum().backward()
    torch.testing.assert_close(layer.gain.grad, other.parametrizations.weight.original0.grad.flatten())
    torch.testing.assert_close(layer.weight.grad, other.parametrizations.weight.original1.grad)


@layers
@pytest.mark.parametrize("train_gain", [True, False])
def test_initialisation_gives_each_unit_mean_0_and_the_standard_deviation(kind, train_gain):
    layer, x = built(kind, init_std=0.1, train_gain=train_gain)
    assert not layer(x).mean((0, *range(2, x.dim()))).abs().max() < 1e-3
    initialise_from_data(layer, lambda: x)
    y = layer(x).transpose(0, 1).flatten(1)
    torch.testing.assert_close(y.mean(1), torch.zeros(4), atol=1e-6, rtol=0)
    torch.testing.assert_close(y.std(1, correction=0), torch.full((4,), 0.1))
    assert ("gain" in dict(layer.named_parameters())) == train_gain
    assert "gain" in layer.state_dict()


def test_one_standard_deviation_for_the_layer_keeps_the_units_ratios():
    layer, x = built("linear", std_of_layer=True)
    before = layer(x).std(0, correction=0)
    initialise_from_data(layer, lambda: x)
    after = layer(x)
    torch.testing.assert_close(after.mean(0), torch.zeros(4), atol=1e-6, rtol=0)
    torch.testing.assert_close(after.var(0, correction=0).mean(), torch.tensor(1.0))
    torch.testing.assert_close(after.std(0, correction=0) / after.std(0, correction=0)[0], before / before[0])


def test_each_layer_starts_from_what_the_initialised_one_before_it_gives():
    torch.manual_seed(0)
    network = nn.Sequential(WeightNormLinear(5, 6), nn.ReLU(), WeightNormLinear(6, 3, init_std=2.0))
    x = torch.randn(50, 5) * 3 + 1
    initialise_from_data(network, lambda: x)
    y = network(x)
    torch.testing.assert_close(y.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.std(0, correction=0), torch.full((3,), 2.0))
    # From then on the parameters stand, whatever is seen.
    state = {name: value.clone() for name, value in network.state_dict().items()}
    network(torch.randn(9, 5))
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())


def test_a_layer_without_it_is_left_alone():
    layer, x = built("linear", init_std=None)
    initialise_from_data(layer, lambda: x)
    assert torch.equal(layer.gain, torch.ones(4))
    assert torch.equal(layer.bias, torch.zeros(4))


def test_for_a_network_without_such_layers_nothing_is_drawn():
    norm, drawn = nn.BatchNorm1d(5), []
    initialise_from_data(norm, lambda: drawn.append(True) or torch.randn(7, 5))
    assert not drawn
    assert norm.num_batches_tracked == 0


@layers
def test_a_mask_goes_before_the_norm(kind):
    shape = built(kind)[0].weight.shape
    mask = torch.rand(shape, generator=torch.Generator().manual_seed(1)) < 0.5
    layer, x = (thing.double() for thing in built(kind, train_gain=True, mask=mask))
    kept = layer.weight.detach().clone()
    other = built(kind, train_gain=True)[0].double()
    with torch.no_grad():
        other.weight.mul_(mask)
    torch.testing.assert_close(layer(x), other(x))
    layer(x).square().sum().backward()
    other(x).square().sum().backward()
    torch.testing.assert_close(layer.weight.grad, other.weight.grad * mask)
    torch.testing.assert_close(layer.gain.grad, other.gain.grad)
    assert torch.equal(layer.weight, kept), "a pass must not change parameters"
    assert "mask" not in layer.state_dict()


@layers
@pytest.mark.parametrize("std_of_layer", [True, False])
def test_a_unit_that_sees_nothing_gives_its_bias(kind, std_of_layer):
    outputs = LAYERS[kind][-1]
    mask = torch.ones(built(kind)[0].weight.shape)
    mask.select(outputs, 1).zero_()
    layer, x = built(kind, train_gain=True, init_std=0.1, std_of_layer=std_of_layer, mask=mask)
    initialise_from_data(layer, lambda: x)
    with torch.no_grad():
        layer.bias[1] = 5.0
    y = layer(x).transpose(0, 1).flatten(1)
    assert (y[1] == 5.0).all()
    y.square().sum().backward()
    assert all(p.grad.isfinite().all() for p in layer.parameters())
    assert layer.weight.grad.select(outputs, 1).abs().max() == layer.gain.grad[1] == 0
    if not std_of_layer:
        assert layer.gain[1] == 1
        seeing = y[[0, 2, 3]]
        torch.testing.assert_close(seeing.std(1, correction=0), torch.full((3,), 0.1))
