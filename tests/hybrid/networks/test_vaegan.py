"""VAE/GAN's networks: the paper's layers at 64 pixels, other sizes, named layers."""

import pytest
import torch
from torch import nn

from genzoo.hybrid.networks.vaegan import Decoder, Discriminator, Encoder


def weights_of(network):
    """The sizes of the weights of convolutions and linear layers, in order."""
    kinds = nn.Conv2d | nn.ConvTranspose2d | nn.Linear
    return [tuple(m.weight.shape) for m in network.modules() if isinstance(m, kinds)]


def test_of_64_pixels_they_are_the_papers():
    shape = (3, 64, 64)
    assert weights_of(Encoder(shape, outputs=256)) == [
        *((64, 3, 5, 5), (128, 64, 5, 5), (256, 128, 5, 5)),
        *((1024, 256 * 8 * 8), (256, 1024)),
    ]
    assert weights_of(Decoder(128, shape)) == [
        *((256 * 8 * 8, 128), (256, 256, 5, 5), (256, 128, 5, 5), (128, 32, 5, 5)),
        (3, 32, 5, 5),
    ]
    assert weights_of(Discriminator(shape)) == [
        *((32, 3, 5, 5), (128, 32, 5, 5), (256, 128, 5, 5), (256, 256, 5, 5)),
        *((512, 256 * 8 * 8), (1, 512)),
    ]


@pytest.mark.parametrize("size", [28, 32, 48, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_they_fit_images_of_any_size(size, channels):
    shape = (channels, size, size)
    images = Decoder(5, shape, channels=2)(torch.randn(3, 5))
    assert images.shape == (3, *shape)
    assert images.abs().max() <= 1
    assert Encoder(shape, 6, channels=2)(images).shape == (3, 6)
    assert Discriminator(shape, channels=2)(images).shape == (3,)


def test_layers_have_names_and_the_last_one_is_the_features():
    network, images = Discriminator((1, 28, 28), channels=2).eval(), torch.randn(3, 1, 28, 28)
    x = images
    for name in network.names:
        x = getattr(network.trunk, name)(x)
        torch.testing.assert_close(network.output_of(name, images), x.flatten(1))
    torch.testing.assert_close(network.features(images), x)
    torch.testing.assert_close(network(images), network.head(x)[:, 0])
    assert [network.output_of(f"conv{i}", images).shape[1] for i in range(1, 5)] == [2 * 784, 8 * 196, 16 * 49, 16 * 16]
    assert network.output_of("conv4", images).min() < 0  # before norm and ReLU
    assert network.output_of("relu4", images).min() == 0
