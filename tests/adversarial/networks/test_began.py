import pytest
import torch
from torch import nn

from genzoo.adversarial.networks.began import Autoencoder, Generator


@pytest.mark.parametrize("size", [16, 28, 32, 64, 128])
def test_images_of_every_size_are_made_and_reconstructed(size):
    shape = (3, size, size)
    images = Generator(latent=5, shape=shape, channels=2)(torch.randn(2, 5))
    assert images.shape == (2, *shape)
    assert Autoencoder(shape, channels=2, code=5)(images).shape == (2, *shape)


def test_the_encoder_widens_by_n_at_each_halving_down_to_8_pixels():
    network, sizes = Autoencoder((3, 32, 32), channels=4, code=5), []
    for layer in network.encoder:
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda _, x, y: sizes.append(tuple(y.shape[1:])))
    network(torch.zeros(1, 3, 32, 32))
    assert sizes == [(4, 32, 32), (4, 32, 32), (8, 16, 16), (8, 16, 16), (12, 8, 8), (12, 8, 8), (12, 8, 8)]
    assert network.encoder[-1].in_features == 12 * 64


def test_generator_and_decoder_are_the_same_network_and_code_and_output_are_linear():
    generator, autoencoder = Generator(5, (3, 32, 32), 4), Autoencoder((3, 32, 32), 4, 5)
    shapes = [[tuple(p.shape) for p in network.parameters()] for network in (generator, autoencoder.decoder)]
    assert shapes[0] == shapes[1]
    assert isinstance(autoencoder.encoder[-1], nn.Linear)
    assert isinstance(generator.layers[-1], nn.Conv2d)
    kinds = [type(m) for m in generator.layers]
    assert kinds.count(nn.Upsample) == 2  # 8 -> 16 -> 32
    assert kinds.count(nn.ELU) == 6
