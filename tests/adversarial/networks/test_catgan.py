import torch
from torch import nn

from genzoo.adversarial.networks.catgan import MLPDiscriminator, MLPGenerator
from genzoo.nn.noise import GaussianNoise

SHAPE = (1, 28, 28)


def widths(network):
    return [(m.in_features, m.out_features) for m in network.modules() if isinstance(m, nn.Linear)]


def test_the_widths_are_those_of_the_source():
    generator, discriminator = MLPGenerator(128, SHAPE), MLPDiscriminator(SHAPE, classes=10)
    assert widths(generator) == [(128, 500), (500, 500), (500, 1000), (1000, 784)]
    assert widths(discriminator) == [(784, 1000), (1000, 500), (500, 250), (250, 250), (250, 250), (250, 10)]
    assert [m.negative_slope for m in discriminator.modules() if isinstance(m, nn.LeakyReLU)] == [0.1] * 5


def test_every_layer_of_the_discriminator_has_noise_in_training_only():
    network = MLPDiscriminator(SHAPE, classes=10, hidden=[8, 8], noise=0.3)
    assert [m.std for m in network.modules() if isinstance(m, GaussianNoise)] == [0.3] * 3
    images = torch.rand(6, *SHAPE) * 2 - 1
    assert not torch.equal(network(images), network(images))
    network.eval()
    assert torch.equal(network(images), network(images))
    assert torch.equal(network(images), network.head(network.features(images)))


def test_images_are_in_range():
    images = MLPGenerator(4, SHAPE, hidden=[8])(torch.randn(50, 4) * 100)
    assert images.shape == (50, *SHAPE)
    assert images.abs().max() <= 1
    assert images.min() < 0 < images.max()
