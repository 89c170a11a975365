import pytest
import torch
from torch import nn

from genzoo.adversarial.networks import base
from genzoo.adversarial.networks.perceptrons import BatchNormGenerator, ELUDiscriminator, MLPAutoencoder
from genzoo.core.protocols import missing

SHAPE = (1, 4, 4)


def linear(network):
    return [tuple(m.weight.shape) for m in network.modules() if isinstance(m, nn.Linear)]


def test_the_generator_normalises_its_hidden_layers_and_its_images_are_in_range():
    network = BatchNormGenerator(5, SHAPE, [8, 6])
    assert linear(network) == [(8, 5), (6, 8), (16, 6)]
    z = torch.randn(32, 5)
    hidden = network.layers[1](network.layers[0](z))
    torch.testing.assert_close(hidden.mean(0), torch.zeros(8), atol=1e-5, rtol=0)
    images = network(10 * z)
    assert images.shape == (32, *SHAPE)
    assert images.abs().max() <= 1


def test_the_discriminator_is_a_linear_head_on_elus_of_pixels_from_0_to_1():
    network, images = ELUDiscriminator(SHAPE, [7]), torch.rand(9, *SHAPE) * 2 - 1
    assert not missing(network, base.FeatureDiscriminator)
    (w1, b1), (w2, b2) = (list(m.parameters()) for m in network.modules() if isinstance(m, nn.Linear))
    hidden = nn.functional.elu((images.flatten(1) + 1) / 2 @ w1.T + b1)
    torch.testing.assert_close(network.features(images), hidden)
    torch.testing.assert_close(network(images), (hidden @ w2.T + b2)[:, 0])


@pytest.mark.parametrize(
    "build", [lambda b: BatchNormGenerator(5, SHAPE, [8], b), lambda b: ELUDiscriminator(SHAPE, [8], b)]
)
def test_initial_weights_fill_the_bound(build):
    torch.manual_seed(0)
    for layer in build(0.05).modules():
        if isinstance(layer, nn.Linear):
            assert 0.03 < layer.weight.abs().max() <= 0.05
            assert not layer.bias.any()


def test_the_autoencoder_decodes_its_code():
    network, images = MLPAutoencoder(SHAPE, encoder=[8, 3], decoder=[6]), torch.randn(9, *SHAPE)
    assert linear(network) == [(8, 16), (3, 8), (6, 3), (16, 6)]
    codes = network.encoder(images)
    assert codes.shape == (9, 3)
    assert codes.min() >= 0  # rectified
    assert torch.equal(network(images), network.decoder(codes))
    assert network(images).min() < -0.001  # not limited
