"""ALI's networks: layers written out, units, sizes."""

import pytest
import torch
from torch import nn

from genzoo.adversarial.networks import ali, ali_conv, base
from genzoo.core.errors import GenzooError
from genzoo.core.protocols import missing

POINT, SHAPE = (2, 1, 1), (3, 32, 32)


def shapes(network, kind=(nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
    return [tuple(m.weight.shape) for m in network.modules() if isinstance(m, kind)]


def test_perceptrons_have_biases_in_their_last_layer_only():
    for network in (ali.MLPGenerator(2, POINT, [5, 6]), ali.MLPEncoder(POINT, 2, noise=2, hidden=[5, 6])):
        linear = [m for m in network.modules() if isinstance(m, nn.Linear)]
        assert [m.bias is None for m in linear] == [True, True, False]
    assert shapes(network) == [(5, 4), (6, 5), (2, 6)]


def test_networks_see_points_in_the_datas_units():
    torch.manual_seed(0)
    z, points, noise = torch.randn(7, 2), torch.rand(7, *POINT) - 0.5, torch.randn(7, 2, 1, 1)
    own, scaled = [ali.MLPGenerator(2, POINT, [5], extent=e) for e in (1.0, 4.5)]
    scaled.load_state_dict(own.state_dict())
    torch.testing.assert_close(scaled(z) * 4.5, own(z))
    own, scaled = [ali.MLPEncoder(POINT, 2, 2, [5], extent=e) for e in (1.0, 4.5)]
    scaled.load_state_dict(own.state_dict())
    together = torch.cat([4.5 * points, noise], 1)
    torch.testing.assert_close(scaled(torch.cat([points, noise], 1)), own(together))
    own, scaled = [ali.MaxoutDiscriminator(POINT, 2, [5], extent=e) for e in (1.0, 4.5)]
    scaled.load_state_dict(own.state_dict())
    torch.testing.assert_close(scaled(points, z), own(4.5 * points, z))


def test_the_discriminator_takes_point_and_code_together():
    network = ali.MaxoutDiscriminator(POINT, latent=3, hidden=[4, 6], pieces=5)
    assert not missing(network, base.PairDiscriminator)
    assert shapes(network) == [(20, 5), (30, 4), (1, 6)]
    alone = ali.MaxoutDiscriminator(POINT, latent=0, hidden=[4], pieces=5)
    assert shapes(alone) == [(20, 2), (1, 4)]
    assert alone(torch.zeros(3, *POINT)).shape == (3,)


def test_convolutions_have_the_papers_sizes():
    encoder = ali_conv.ConvEncoder(SHAPE, outputs=128)
    assert not missing(encoder, base.Encoder)
    widths = [(32, 3, 5, 5), (64, 32, 4, 4), (128, 64, 4, 4), (256, 128, 4, 4), (512, 256, 4, 4), (512, 512, 1, 1)]
    assert shapes(encoder) == [*widths, (128, 512)]
    images = torch.rand(2, *SHAPE) * 2 - 1
    assert [m.shape[2] for m in encoder.hidden(images)] == [28, 13, 10, 4, 1, 1]
    assert encoder.features(images).shape == (2, 256 * 16 + 512 + 512)
    generator = ali_conv.ConvGenerator(64, SHAPE)
    up = [(64, 256, 4, 4), (256, 128, 4, 4), (128, 64, 4, 4), (64, 32, 4, 4), (32, 32, 5, 5), (32, 32, 1, 1)]
    assert shapes(generator) == [*up, (3, 32, 1, 1)]
    discriminator = ali_conv.ConvDiscriminator(SHAPE, latent=64)
    assert not missing(discriminator, base.PairDiscriminator)
    halved = [(32, 3, 5, 5), (64, 16, 4, 4), (128, 32, 4, 4), (256, 64, 4, 4), (512, 128, 4, 4)]
    assert shapes(discriminator.image) == halved
    assert shapes(discriminator.code) == [(512, 64), (512, 256)]
    assert shapes(discriminator.joint) == [(1024, 512), (1024, 512), (1, 512)]
    dropped = [[m.p for m in part.modules() if isinstance(m, nn.Dropout)] for part in discriminator.children()]
    assert dropped == [[0.2, 0.5, 0.5, 0.5, 0.5], [0.2, 0.5], [0.5, 0.5, 0.5]]


def test_the_features_are_the_last_hidden_layers():
    encoder, images = ali_conv.ConvEncoder(SHAPE, outputs=4, noise=1, channels=2), torch.rand(2, 4, 32, 32)
    last = encoder.features(images)[:, -32:]
    torch.testing.assert_close(encoder(images), encoder.head(last))


def test_the_generators_biases_are_the_log_odds_of_the_first_images():
    generator = ali_conv.ConvGenerator(4, SHAPE, channels=2)
    images = torch.rand(600, *SHAPE) * 2 - 1
    images[500:] = 1
    generator.initialise(images)
    nn.init.zeros_(generator.last.weight)
    torch.testing.assert_close(generator(torch.randn(2, 4))[1], images[:500].mean(0))


def test_other_sizes_are_refused():
    for build in (
        lambda shape: ali_conv.ConvGenerator(4, shape),
        lambda shape: ali_conv.ConvEncoder(shape, 4),
        lambda shape: ali_conv.ConvDiscriminator(shape, 4),
    ):
        with pytest.raises(GenzooError, match="for 32 x 32 pixels"):
            build((1, 28, 28))
