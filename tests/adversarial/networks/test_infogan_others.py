"""The networks of the paper's appendix for other data than MNIST."""

import pytest
import torch
from torch import nn

from genzoo.adversarial.networks import infogan_chairs, infogan_colour
from genzoo.adversarial.networks.infogan import QHead
from genzoo.core.errors import GenzooError


def shapes(network, layers, given):
    """What the layers of a kind give, image by image."""
    found = []
    for layer in network.modules():
        if isinstance(layer, layers):
            layer.register_forward_hook(lambda _, x, y: found.append(tuple(y.shape[1:])))
    network(given)
    return found


CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def test_the_colour_generators_layers_are_table_2s():
    network = infogan_colour.Generator(168, (3, 32, 32))
    found = shapes(network, (nn.Unflatten, *CONVOLUTIONS), torch.randn(2, 168))
    assert found == [(448, 2, 2), (256, 4, 4), (128, 8, 8), (64, 16, 16), (3, 32, 32)]
    assert [type(m) for m in network.layers].count(nn.BatchNorm2d) == 1
    assert isinstance(network.layers[-1], nn.Tanh)


def test_the_colour_discriminators_layers_are_table_2s():
    network = infogan_colour.Discriminator((3, 32, 32))
    assert shapes(network, CONVOLUTIONS, torch.randn(2, 3, 32, 32)) == [(64, 16, 16), (128, 8, 8), (256, 4, 4)]
    assert network.head.in_features == 256 * 16
    assert [m.num_features for m in network.modules() if isinstance(m, nn.BatchNorm2d)] == [128, 256]


def test_the_chairs_generators_layers_are_table_5s():
    network = infogan_chairs.Generator(189, (1, 64, 64))
    found = shapes(network, CONVOLUTIONS, torch.randn(2, 189))
    assert found == [(256, 8, 8), (256, 8, 8), (128, 16, 16), (64, 32, 32), (1, 64, 64)]
    assert [m.out_features for m in network.layers if isinstance(m, nn.Linear)] == [1024, 256 * 64]


def test_the_chairs_discriminators_layers_are_table_5s():
    network = infogan_chairs.Discriminator((1, 64, 64))
    found = shapes(network, CONVOLUTIONS, torch.randn(2, 1, 64, 64))
    assert found == [(64, 32, 32), (128, 16, 16), (256, 8, 8), (256, 8, 8), (256, 8, 8)]
    assert network.head.in_features == 1024


@pytest.mark.parametrize("networks", [infogan_colour, infogan_chairs])
def test_features_and_head_make_the_logits(networks):
    size = 32 if networks is infogan_colour else 64
    network = networks.Discriminator((1, size, size)).eval()
    images = torch.randn(2, 1, size, size)
    torch.testing.assert_close(network.head(network.features(images)).squeeze(1), network(images))
    assert {m.negative_slope for m in network.modules() if isinstance(m, nn.LeakyReLU)} == {0.1}


@pytest.mark.parametrize(("networks", "size"), [(infogan_colour, 32), (infogan_chairs, 64)])
def test_another_size_is_refused(networks, size):
    for make in (lambda shape: networks.Generator(5, shape), networks.Discriminator):
        with pytest.raises(GenzooError, match=rf"these networks are for {size} x {size} pixels.*use data.size={size}"):
            make((1, 28, 28))


def test_a_recognition_network_without_hidden_layer_is_linear():
    network, features = QHead(features=6, outputs=4, hidden=None), torch.randn(3, 6)
    (layer,) = network.layers
    torch.testing.assert_close(network(features), features @ layer.weight.T + layer.bias)
