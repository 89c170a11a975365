"""IAN's networks: the source's layers at 64 pixels, other sizes, what shares what."""

import pytest
import torch
from torch import nn

from genzoo.hybrid.networks.ian import Discriminator, Encoder, Generator
from genzoo.nn.minibatch import MinibatchDiscrimination
from genzoo.nn.multiscale import MultiscaleBlock, MultiscaleConv2d

SHAPE = (3, 64, 64)


def test_of_64_pixels_the_widths_are_the_sources():
    generator = Generator(100, SHAPE, channels=128)
    assert generator.layers[0].weight.shape == (512 * 16, 100)
    doubling = [m for m in generator.modules() if isinstance(m, nn.ConvTranspose2d)]
    assert [(m.in_channels, m.out_channels) for m in doubling] == [(512, 512), (512, 256), (256, 128), (128, 128)]
    blocks = [m.residual[2].scales for m in generator.layers if isinstance(m, MultiscaleBlock)]
    assert blocks == [(1, 0, 2), (1, 0, 2, 3), (1, 0, 2, 3)]
    assert isinstance(generator.layers[-2], MultiscaleConv2d)
    assert generator.layers[-2].scales == (1, 2, 3, 4)

    discriminator = Discriminator(SHAPE, channels=128, kernels=5)
    assert [m.out_channels for m in discriminator.modules() if isinstance(m, nn.Conv2d)] == [128, 256, 512, 1024]
    assert discriminator.width == 1024 * 16
    assert discriminator.head[-1].weight.shape == (3, 1024 + 5)
    assert discriminator.head[-1].bias is None

    encoder = Encoder(discriminator.width, outputs=200)
    assert [m.weight.shape for m in encoder.modules() if isinstance(m, nn.Linear)] == [(1000, 16384), (200, 1000)]


@pytest.mark.parametrize("size", [16, 28, 32])
def test_they_follow_the_size(size):
    shape = (1, size, size)
    images = Generator(4, shape, channels=2)(torch.randn(3, 4))
    assert images.shape == (3, *shape)
    assert images.abs().max() <= 1
    discriminator = Discriminator(shape, channels=2, kernels=3)
    assert discriminator(images).shape == (3, 3)
    features = discriminator.features(images)
    assert features.shape == (3, discriminator.width)
    assert Encoder(discriminator.width, 8, hidden=5)(features).shape == (3, 8)


def test_features_are_the_last_map_and_logits_are_of_its_means():
    network = Discriminator((1, 16, 16), channels=2, kernels=3).eval()
    images = torch.randn(5, 1, 16, 16)
    *_, last = network.feature_maps(images)
    torch.testing.assert_close(network.features(images), last.flatten(1))
    (similarity,) = (m for m in network.head if isinstance(m, MinibatchDiscrimination))
    logits = similarity(last.mean((2, 3))) @ network.head[-1].weight.T
    torch.testing.assert_close(network(images), logits)


def test_initial_weights_are_narrow_and_those_of_minibatch_discrimination_its_own():
    network = Discriminator(SHAPE, channels=32, kernels=50)
    assert network.stages[-1][0].weight.std().item() == pytest.approx(0.02, rel=0.05)
    (similarity,) = (m for m in network.head if isinstance(m, MinibatchDiscrimination))
    assert similarity.theta.std().item() == pytest.approx(0.05, rel=0.05)
    assert (similarity.bias == -1).all()
