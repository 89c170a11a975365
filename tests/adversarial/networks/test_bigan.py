"""BiGAN's perceptrons against their layers written out."""

import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.networks import base, bigan
from genzoo.core.protocols import missing

SHAPE = (1, 3, 3)


def normalised(x):
    return (x - x.mean(0)) / (x.var(0, correction=0) + 1e-5).sqrt()


def weights(network):
    return [m.weight.detach() for m in network.modules() if isinstance(m, nn.Linear)]


def larger(network):
    """Weights at which no layer is nearly constant."""
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.5)
    return network


def test_only_weights_are_trained_and_the_discriminators_output_starts_at_0():
    torch.manual_seed(0)
    networks = (
        bigan.MLPGenerator(5, SHAPE, hidden=64),
        bigan.MLPEncoder(SHAPE, outputs=5, hidden=64),
        bigan.MLPDiscriminator(SHAPE, latent=5, hidden=64),
    )
    for network in networks:
        layers = [m for m in network.modules() if isinstance(m, nn.Linear)]
        assert {id(p) for p in network.parameters()} == {id(layer.weight) for layer in layers}
        for layer in layers[:-1]:
            assert abs(layer.weight.std() - 0.02) < 0.003
    assert networks[1].head.weight.any()
    assert not layers[-1].weight.any()


def test_the_generator_adds_the_code_to_its_second_layer():
    network, z = larger(bigan.MLPGenerator(4, SHAPE, hidden=6)), torch.randn(8, 4)
    first, second, code, last = weights(network)
    hidden = F.relu(normalised(F.relu(normalised(z @ first.T)) @ second.T + z @ code.T))
    expected = 2 * torch.sigmoid(hidden @ last.T) - 1
    torch.testing.assert_close(network(z).flatten(1), expected, atol=1e-5, rtol=1e-4)


def test_the_encoders_codes_are_in_the_cube_and_its_features_before_them():
    network, images = larger(bigan.MLPEncoder(SHAPE, outputs=5, noise=1, hidden=6)), torch.rand(8, 2, 3, 3) * 2 - 1
    assert not missing(network, base.Encoder)
    first, second, last = weights(network)
    hidden = F.leaky_relu((images.flatten(1) + 1) / 2 @ first.T, 0.2)
    hidden = F.leaky_relu(normalised(hidden @ second.T), 0.2)
    torch.testing.assert_close(network.features(images), hidden, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(network(images), (hidden @ last.T / 2).tanh(), atol=1e-5, rtol=1e-4)  # 2 σ(a) - 1


def test_the_discriminator_adds_the_code_to_its_second_layer():
    network = larger(bigan.MLPDiscriminator(SHAPE, latent=4, hidden=6))
    assert not missing(network, base.PairDiscriminator)
    images, z = torch.rand(8, *SHAPE) * 2 - 1, torch.randn(8, 4)
    first, second, code, last = weights(network)
    hidden = F.leaky_relu((images.flatten(1) + 1) / 2 @ first.T, 0.2)
    hidden = F.leaky_relu(normalised(hidden @ second.T + z @ code.T), 0.2)
    torch.testing.assert_close(network(images, z), (hidden @ last.T)[:, 0], atol=1e-5, rtol=1e-4)
