import pytest
import torch
from torch import nn

from genzoo.adversarial.networks.am_gan import Discriminator, Generator
from genzoo.core.errors import GenzooError
from genzoo.nn.noise import GaussianNoise


def layers(network, *kinds):
    return [m for m in network.modules() if isinstance(m, kinds)]


def test_the_generators_layers_are_those_of_the_source():
    network = Generator(100, (3, 32, 32))
    assert layers(network, nn.Linear)[0].out_features == 4 * 4 * 768
    found = [(m.out_channels, m.kernel_size, m.stride[0]) for m in layers(network, nn.ConvTranspose2d)]
    assert found == [(384, (3, 3), 2), (192, (3, 3), 2), (96, (3, 3), 2), (3, (3, 3), 1)]
    assert [m.num_features for m in layers(network, nn.BatchNorm1d, nn.BatchNorm2d)] == [768 * 16, 384, 192, 96]


def test_the_discriminators_layers_are_those_of_the_source():
    network = Discriminator((3, 32, 32), classes=10)
    found = [(m.out_channels, m.kernel_size, m.stride[0]) for m in layers(network, nn.Conv2d)]
    assert found == [(64, (3, 3), 1), (128, (3, 3), 2), (256, (3, 3), 2), (512, (3, 3), 2)]
    assert [m.num_features for m in layers(network, nn.BatchNorm2d)] == [128, 256, 512]
    assert [m.p for m in layers(network, nn.Dropout)] == [0.3] * 4
    assert [m.std for m in layers(network, GaussianNoise)] == [0.1]
    assert network.head.in_features == 512


def test_features_are_the_input_of_the_head():
    network = Discriminator((1, 32, 32), classes=3, channels=2).eval()
    images = torch.rand(4, 1, 32, 32) * 2 - 1
    assert torch.equal(network(images), network.head(network.features(images)))


@pytest.mark.parametrize("network", [lambda shape: Generator(4, shape), lambda shape: Discriminator(shape, 3)])
def test_other_sizes_are_refused(network):
    with pytest.raises(GenzooError, match=r"32 x 32 pixels, not data\.size=64"):
        network((3, 64, 64))
