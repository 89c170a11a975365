"""3D-VAE-GAN's encoder has five layers of 256 pixels, and fewer of smaller pictures."""

import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.hybrid.networks.picture_encoder import PictureEncoder


def convolutions(network):
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]


def test_of_256_pixels_there_are_five_layers():
    network = PictureEncoder(400, (1, 64, 64, 64))
    assert network.shape == (1, 256, 256)
    found = [(c.out_channels, c.kernel_size[0], c.stride[0]) for c in convolutions(network)]
    assert found == [(64, 11, 4), (128, 5, 2), (256, 5, 2), (512, 5, 2), (400, 8, 1)]


@pytest.mark.parametrize("size", [8, 16, 32])
def test_the_last_convolution_sees_8_pixels(size):
    network, seen = PictureEncoder(6, (1, size, size, size), 2), []
    convolutions(network)[-1].register_forward_pre_hook(lambda _, given: seen.append(given[0].shape[2:]))
    assert network(torch.zeros(2, 1, 4 * size, 4 * size)).shape == (2, 6)
    assert seen == [(8, 8)]


def test_other_sides_are_refused():
    with pytest.raises(GenzooError, match=r"^model: these networks are for data of .*not of 24 x 24 x 24"):
        PictureEncoder(6, (1, 24, 24, 24))
