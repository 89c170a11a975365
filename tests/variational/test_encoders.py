"""Encoders and decoders: what they map to what, and which sizes they refuse."""

import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.nn.data_dependent import initialise_from_data
from genzoo.variational.networks.conv import ConvDecoder, ConvEncoder
from genzoo.variational.networks.mlp import MLPDecoder, MLPEncoder
from genzoo.variational.networks.resnet import Block, ResNetDecoder, ResNetEncoder

KINDS = {
    "mlp": (MLPEncoder, MLPDecoder, {"hidden": [8, 6]}),
    "conv": (ConvEncoder, ConvDecoder, {"channels": [2, 3], "hidden": 6}),
    "resnet": (ResNetEncoder, ResNetDecoder, {"channels": [2, 3], "hidden": 6}),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 16, 16)])
def test_images_become_statistics_and_codes_parameters_and_every_parameter_counts(kind, shape):
    encoder, decoder, settings = KINDS[kind]
    torch.manual_seed(0)
    encoder, decoder = encoder(shape, 10, **settings), decoder(shape, 5, 7, **settings)
    statistics = encoder(torch.randn(4, *shape))
    parameters = decoder(torch.randn(4, 5))
    assert statistics.shape == (4, 10)
    assert parameters.shape == (4, 7, *shape[1:])
    (statistics.sin().sum() + parameters.sin().sum()).backward()
    for network in (encoder, decoder):
        for name, p in network.named_parameters():
            assert p.grad is not None, name
            assert p.grad.abs().sum() > 0, name


@pytest.mark.parametrize("kind", KINDS)
def test_images_do_not_see_each_other(kind):
    encoder, _, settings = KINDS[kind]
    network = encoder((1, 16, 16), 10, **settings)
    images = torch.randn(4, 1, 16, 16)
    torch.testing.assert_close(network(images)[:2], network(images[:2]), rtol=1e-5, atol=1e-6)


def test_perceptrons_start_at_the_papers_scale_with_tanh_between():
    torch.manual_seed(0)
    network = MLPEncoder((1, 28, 28), 40, hidden=[500])
    first, activation, last = network.layers
    assert isinstance(activation, nn.Tanh)
    assert (first.in_features, first.out_features, last.out_features) == (784, 500, 40)
    for p in network.parameters():
        assert p.std().item() == pytest.approx(0.01, rel=0.3)


def test_residual_blocks_add_little_at_first():
    """After the data-dependent initialisation what a block adds has a tenth of the units' usual deviation."""
    torch.manual_seed(0)
    block = Block(4, 4, 8)
    x = torch.randn(200, 4, 8, 8)
    initialise_from_data(block, lambda: x)
    added = (block(x) - x).detach()
    torch.testing.assert_close(added.std((0, 2, 3)), torch.full((4,), 0.1), rtol=0.01, atol=0)


@pytest.mark.parametrize(("direction", "before"), [("down", 7), ("down", 8), ("up", 2), (None, 4)])
def test_blocks_change_the_size_as_they_say(direction, before):
    assert Block(2, 3, 4, direction)(torch.zeros(1, 2, before, before)).shape == (1, 3, 4, 4)


def test_levels_round_sizes_up():
    """28, 14, 7, 4 as in the paper's networks for MNIST."""
    seen = []
    network = ResNetEncoder((1, 28, 28), 5, channels=[2, 2, 2], hidden=4, blocks=1)
    for m in network.layers:
        m.register_forward_hook(lambda _, __, y: seen.append(tuple(y.shape[2:])))
    network(torch.zeros(1, 1, 28, 28))
    assert seen[:3] == [(14, 14), (7, 7), (4, 4)]


@pytest.mark.parametrize("network", [ConvEncoder, ConvDecoder])
def test_a_size_that_convolutions_cannot_halve_is_refused(network):
    with pytest.raises(GenzooError, match=r"3 levels halve the image 3 times, which data.size=28 does not allow"):
        network((1, 28, 28), *([5] if network is ConvEncoder else [5, 1]), channels=[2, 2, 2], hidden=4)


@pytest.mark.parametrize("network", [ResNetEncoder, ResNetDecoder])
def test_a_size_of_which_nothing_is_left_to_halve_is_refused(network):
    with pytest.raises(GenzooError, match=r"4 levels halve the image 4 times, which data.size=8 does not allow"):
        network((1, 8, 8), *([5] if network is ResNetEncoder else [5, 1]), channels=[2, 2, 2, 2], hidden=4)
