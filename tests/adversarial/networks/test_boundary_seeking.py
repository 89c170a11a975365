import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.networks.boundary_seeking import Discriminator, Generator
from genzoo.core.errors import GenzooError


def test_published_widths_have_the_published_numbers_of_parameters():
    networks = (Generator(64, (1, 28, 28)), Discriminator((1, 28, 28)))
    fully, maps = 7 * 7 * 128, 5 * 5  # width of the quarter-size map, taps of a kernel
    assert [sum(p.numel() for p in network.parameters()) for network in networks] == [
        64 * 1024 + 2 * 1024 + 1024 * fully + 2 * fully + maps * 128 * 64 + 2 * 64 + maps * 64 + 1,
        maps * 64 + 64 + maps * 64 * 128 + 128 + fully * 1024 + 1024 + 1024 + 1,
    ]


def test_the_discriminator_computes_the_published_layers():
    network = Discriminator(shape=(3, 8, 12), channels=2, hidden=6, slope=0.3)
    for p in network.parameters():
        nn.init.normal_(p)
    images = torch.rand(7, 3, 8, 12) * 2 - 1
    w1, b1, w2, b2, w3, b3, w4, b4 = network.parameters()
    x = F.leaky_relu(F.conv2d(images, w1, b1, stride=2, padding=2), 0.3)
    x = F.leaky_relu(F.conv2d(x, w2, b2, stride=2, padding=2), 0.3).flatten(1)
    x = F.leaky_relu(x @ w3.T + b3, 0.3)
    assert torch.allclose(network(images), (x @ w4.T + b4)[:, 0], atol=1e-4)


def test_the_generators_output_is_not_limited():
    network = Generator(5, (1, 8, 8), channels=2, hidden=6)
    with torch.no_grad():
        network.layers[-1].bias.fill_(9.0)
    assert network(torch.randn(4, 5)).max() > 1


@pytest.mark.parametrize("network", [Generator(64, (1, 28, 28)), Discriminator((1, 28, 28))])
def test_weights_start_uniform_as_lasagnes(network):
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            taps = math.prod(layer.weight.shape[2:])
            bound = math.sqrt(6 / ((layer.weight.shape[0] + layer.weight.shape[1]) * taps))
            assert 0.9 * bound < layer.weight.abs().max().item() <= bound
            assert layer.bias is None or (layer.bias == 0).all()


@pytest.mark.parametrize("network", [lambda shape: Generator(5, shape), Discriminator])
def test_sizes_that_cannot_be_halved_twice_are_refused(network):
    with pytest.raises(GenzooError, match="must be a multiple of 4"):
        network((1, 28, 27))
