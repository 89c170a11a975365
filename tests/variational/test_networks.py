"""What both autoregressive networks must fulfil: causality, data-dependent initialisation, gradients."""

from functools import partial

import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.nn.data_dependent import initialise_from_data
from genzoo.variational.made import MADE
from genzoo.variational.masked_conv import MaskedConvNetwork

VECTORS = {
    "one layer": (partial(MADE, hidden=[12], context=3), (5,)),
    "multiples": (partial(MADE, hidden=[10, 20], context=3), (5,)),
    "any widths": (partial(MADE, hidden=[11, 7, 13], context=3), (5,)),
    "two variables": (partial(MADE, hidden=[3], context=3), (2,)),
}
# On 2 x 2 pixels every later pixel is in sight; on more there is a blind spot.
MAPS = {
    "one layer of channels": (partial(MaskedConvNetwork, hidden=[6]), (3, 2, 2)),
    "channels of any widths": (partial(MaskedConvNetwork, hidden=[7, 5]), (3, 2, 2)),
    "a channel": (partial(MaskedConvNetwork, hidden=[4, 4]), (1, 2, 2)),
}
networks = pytest.mark.parametrize(("factory", "shape"), [*VECTORS.values(), *MAPS.values()], ids=[*VECTORS, *MAPS])
reverse = pytest.mark.parametrize("reverse", [False, True])


def built(factory, shape, batch=1, **options):
    torch.manual_seed(0)
    network = factory(size=shape[0], **options).double()
    z, context = torch.randn(batch, *shape), torch.randn(batch, network.context, *shape[1:])
    return network, z.double(), context.double()


def in_order(shape):
    """Flat indices of the elements in the order of the networks: pixels from the last one, channels from the first."""
    index = torch.arange(torch.Size(shape).numel()).view(shape[0], -1)
    return index.flip(1).T.flatten()


def jacobians(network, z, context, of):
    """Of each output, (elements, inputs), with respect to z (``of`` = 0) or to the context (1)."""
    found = torch.autograd.functional.jacobian(lambda *inputs: tuple(network(*inputs)), (z, context))
    return [by[of].reshape(z.numel(), -1) for by in found]


@networks
@reverse
def test_each_element_depends_on_all_those_before_it_and_on_no_other(factory, shape, reverse):
    network, z, context = built(factory, shape, reverse=reverse)
    order = in_order(shape).flip(0) if reverse else in_order(shape)
    earlier = torch.ones(z.numel(), z.numel()).tril(-1).bool()
    for jacobian in jacobians(network, z, context, of=0):
        assert torch.equal(jacobian[order][:, order] != 0, earlier)


@networks
@reverse
def test_all_but_the_first_element_depend_on_the_context(factory, shape, reverse):
    network, z, context = built(factory, shape, reverse=reverse)
    order = in_order(shape).flip(0) if reverse else in_order(shape)
    for jacobian in jacobians(network, z, context, of=1):
        assert (jacobian[order[1:]] != 0).any(1).all()


@pytest.mark.parametrize("hidden", [[2], [3, 2], [1, 1]])
def test_narrow_layers_are_causal_too(hidden):
    network, z, context = built(partial(MADE, hidden=hidden, context=3), (6,))
    for jacobian in jacobians(network, z, context, of=0):
        assert jacobian.triu().abs().max() == 0
        assert jacobian[-1].abs().max() > 0


def test_a_single_variable_has_constants():
    network, z, context = built(partial(MADE, hidden=[4], context=3), (1,), batch=8)
    initialise_from_data(network_on(network, context), lambda: z)
    m, s = network(z, context)
    assert torch.equal(m, torch.zeros_like(m))
    assert torch.equal(s, torch.zeros_like(s))


def test_of_one_pixel_wide_kernels_channels_before_it_in_the_pixel_are_seen():
    network, z, context = built(partial(MaskedConvNetwork, hidden=[6], kernel=1), (3, 2, 2))
    for jacobian in jacobians(network, z, context, of=0):
        by_pixel = jacobian.view(3, 4, 3, 4)
        for p in range(4):
            for q in range(4):
                seen = torch.ones(3, 3).tril(-1).bool() if p == q else torch.zeros(3, 3).bool()
                assert torch.equal(by_pixel[:, p, :, q] != 0, seen)


def test_context_and_first_layer_are_added():
    network, z, context = built(partial(MaskedConvNetwork, hidden=[4]), (2, 3, 3))
    h = nn.functional.elu(network.layers[0](z) + context)
    for output, head in zip(network(z, context), network.heads, strict=True):
        torch.testing.assert_close(output, head(h))


@networks
@pytest.mark.parametrize("outputs", [1, 3])
def test_as_many_outputs_as_wanted_of_the_shape_of_z(factory, shape, outputs):
    network, z, context = built(factory, shape, batch=2, outputs=outputs)
    assert [tuple(output.shape) for output in network(z, context)] == [(2, *shape)] * outputs


def network_on(network, context):
    """The network as a module of z only."""
    whole = nn.Module()
    whole.network = network
    whole.forward = lambda z: network(z, context)
    return whole


@networks
@pytest.mark.parametrize("init_std", [None, 0.25])
def test_every_unit_that_sees_anything_starts_with_the_standard_deviation(factory, shape, init_std):
    options = {} if init_std is None else {"init_std": init_std}
    network, z, context = built(factory, shape, batch=64, **options)
    std = init_std or (0.1 if len(shape) == 1 else 1.0)
    initialise_from_data(network_on(network, context), lambda: z)
    layers = [m for m in network.modules() if hasattr(m, "initialising")]
    assert len(layers) == sum(1 for name, _ in network.named_parameters() if name.endswith(".weight"))
    for layer in layers:
        layer.register_forward_hook(lambda layer, _, y: seen.append((layer, y.transpose(0, 1).flatten(1))))
    seen = []
    network(z, context)
    assert len(seen) == len(layers)
    for layer, y in seen:
        mask = torch.ones_like(layer.weight) if layer.mask is None else layer.mask
        sees = mask.flatten(1).sum(1) > 0
        torch.testing.assert_close(y.mean(1), torch.zeros(len(y)).double(), atol=1e-9, rtol=0)
        torch.testing.assert_close(y.std(1, correction=0), std * sees.double())


@networks
@reverse
def test_gradients_reach_whatever_can_matter(factory, shape, reverse):
    network, z, context = built(factory, shape, batch=4, reverse=reverse)
    sum(output.square().sum() + output.sum() for output in network(z, context)).backward()
    for layer in (m for m in network.modules() if hasattr(m, "initialising")):
        mask = torch.ones_like(layer.weight) if layer.mask is None else layer.mask
        sees = mask.flatten(1).sum(1)
        assert (layer.bias.grad != 0).all()
        assert torch.equal(layer.gain.grad != 0, sees > 0)
        # The direction of a single input is a sign, which no gradient moves.
        many = (sees > 1).view(-1, *[1] * (mask.dim() - 1)) * mask.bool()
        assert (layer.weight.grad[many] != 0).all()
        assert (layer.weight.grad[mask == 0] == 0).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MADE(size=4, hidden=[], context=3), r"^hidden=\[\]: expected a list of widths"),
        (lambda: MADE(size=0, hidden=[4], context=3), r"^size=0"),
        (lambda: MADE(size=4, hidden=[4], context=0), r"^context=0"),
        (lambda: MaskedConvNetwork(size=4, hidden=[4, 0]), r"^hidden=0"),
        (lambda: MaskedConvNetwork(size=0, hidden=[4]), r"^size=0"),
        (lambda: MaskedConvNetwork(size=4, hidden=[4], kernel=2), r"^kernel=2: expected an odd number"),
        (lambda: MaskedConvNetwork(size=4, hidden=[4], kernel=-1), r"^kernel=-1: a positive integer"),
    ],
)
def test_settings_that_cannot_be_are_refused(make, message):
    with pytest.raises(GenzooError, match=message) as refusal:
        make()
    assert "\n" not in str(refusal.value)
