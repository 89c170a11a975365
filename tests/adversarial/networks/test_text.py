"""The networks of GAN-INT-CLS: the original's sizes, and where there are no activations."""

import torch
from torch import nn

from genzoo.adversarial.networks.text import Residual, TextDiscriminator, TextGenerator


def shapes_of(network):
    """The weights' shapes of the convolutions, in order."""
    kinds = nn.Conv2d | nn.ConvTranspose2d
    return [tuple(m.weight.shape) for m in network.modules() if isinstance(m, kinds)]


def test_64_pixels_have_the_originals_convolutions():
    generator = TextGenerator(latent=100, embedding=1024, shape=(3, 64, 64), channels=128)
    assert generator.layers[0].weight.shape == (1024 * 16, 228)
    assert shapes_of(generator) == [
        *((256, 1024, 1, 1), (256, 256, 3, 3), (1024, 256, 3, 3), (1024, 512, 4, 4)),
        *((128, 512, 1, 1), (128, 128, 3, 3), (512, 128, 3, 3), (512, 256, 4, 4)),
        *((256, 128, 4, 4), (128, 3, 4, 4)),
    ]
    discriminator = TextDiscriminator(embedding=1024, shape=(3, 64, 64), channels=64)
    assert shapes_of(discriminator) == [
        *((64, 3, 4, 4), (128, 64, 4, 4), (256, 128, 4, 4), (512, 256, 4, 4)),
        *((128, 512, 1, 1), (128, 128, 3, 3), (512, 128, 3, 3)),
        *((512, 640, 1, 1), (1, 512, 4, 4)),
    ]
    biases = [m.bias for n in (generator, discriminator) for m in n.modules() if isinstance(m, nn.Conv2d)]
    assert biases == [None] * len(biases)


def test_the_originals_layers_around_the_last_convolution_of_the_discriminator_are_linear():
    image = TextDiscriminator(embedding=4, shape=(3, 64, 64), channels=2).image
    assert [type(layer).__name__ for layer in image] == [
        *("Conv2d", "LeakyReLU", "Conv2d", "BatchNorm2d", "LeakyReLU"),
        *("Conv2d", "BatchNorm2d", "Conv2d", "BatchNorm2d", "Residual", "LeakyReLU"),
    ]


def test_a_residual_block_adds_to_its_input():
    torch.manual_seed(0)
    block, x = Residual(8, nn.ReLU()), torch.randn(3, 8, 4, 4)
    nn.init.zeros_(block.layers[-1].weight)
    torch.testing.assert_close(block(x), x)
    nn.init.ones_(block.layers[-1].weight)
    assert not torch.allclose(block(x), x)
