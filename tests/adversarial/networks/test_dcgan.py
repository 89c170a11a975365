from functools import partial

import pytest
import torch
from torch import nn

from genzoo.adversarial.networks.dcgan import Discriminator, Generator
from genzoo.core.errors import GenzooError
from genzoo.nn.minibatch import MinibatchDiscrimination
from genzoo.nn.spectral import SpectralConv2d, SpectralLinear

SIZES = [16, 28, 32, 64, 128]
NORMS = ["batch", "layer", "instance", "spectral", "none"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kernel", [4, 5])
def test_images_of_every_size_and_scores_of_them(size, channels, kernel):
    shape = (channels, size, size)
    images = Generator(latent=6, shape=shape, channels=2, kernel=kernel)(torch.randn(3, 6))
    assert images.shape == (3, *shape)
    assert images.abs().max() < 1
    assert Discriminator(shape, channels=2, kernel=kernel)(images).shape == (3,)


@pytest.mark.parametrize("norm", NORMS)
def test_every_norm_stands_after_each_hidden_convolution_and_nowhere_else(norm):
    network = Discriminator((3, 32, 32), channels=2, norm=norm)
    kinds = {"batch": nn.BatchNorm2d, "layer": nn.GroupNorm, "instance": nn.GroupNorm}
    between = [type(layer) for layer in network.trunk if not isinstance(layer, nn.Conv2d | nn.LeakyReLU | nn.Flatten)]
    assert between == [kinds.get(norm, nn.Identity)] * 2
    weights = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    spectral = [isinstance(m, SpectralConv2d | SpectralLinear) for m in weights]
    assert spectral == [norm == "spectral"] * 4


def test_the_papers_guidelines():
    generator, discriminator = Generator(100, (3, 64, 64), 4), Discriminator((3, 64, 64), 4)
    for network in (generator, discriminator):
        layers = [m for m in network.modules() if not list(m.children())]
        assert not any(isinstance(m, nn.MaxPool2d | nn.AvgPool2d | nn.Upsample) for m in layers)  # 1
        convolutions = [m for m in layers if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
        assert len(convolutions) == 4
        assert all(m.stride == (2, 2) for m in convolutions)
        assert sum(isinstance(m, nn.Linear) for m in layers) == 1  # 3
    makes = list(generator.layers)
    assert [type(m) for m in makes[-2:]] == [nn.ConvTranspose2d, nn.Tanh]  # 2 and 4: none on the output
    assert sum(isinstance(m, nn.BatchNorm2d) for m in makes) == sum(isinstance(m, nn.ReLU) for m in makes) == 4
    assert [type(m) for m in discriminator.trunk[:2]] == [nn.Conv2d, nn.LeakyReLU]  # 2: none on the input
    slopes = {m.negative_slope for m in discriminator.modules() if isinstance(m, nn.LeakyReLU)}
    assert slopes == {0.2}  # 5


def test_published_widths_have_the_published_numbers_of_parameters():
    # Newmu/dcgan_code, faces: gw .. gwx and dw .. dwy; gains and shifts are a channel here, a unit there in the first.
    generator, discriminator = Generator(100, (3, 64, 64), 128, 5), Discriminator((3, 64, 64), 128, 5)
    taps = 25
    hidden = taps * (1024 * 512 + 512 * 256 + 256 * 128) + 2 * (512 + 256 + 128)
    first = 100 * 1024 * 16 + 2 * 1024
    assert sum(p.numel() for p in generator.parameters()) == first + hidden + taps * 128 * 3 + 3
    hidden = taps * (128 * 256 + 256 * 512 + 512 * 1024) + 2 * (256 + 512 + 1024)
    edges = taps * 3 * 128 + 128 + 1024 * 16 + 1
    assert sum(p.numel() for p in discriminator.parameters()) == hidden + edges


@pytest.mark.parametrize("kernel", [4, 5])
def test_the_generator_is_the_discriminators_convolutions_transposed(kernel):
    # <conv(x), y> = <x, conv-transposed(y)>: same kernel, stride and padding on both ways.
    down = Discriminator((1, 16, 16), 2, kernel).trunk[2]
    up = Generator(3, (1, 16, 16), 2, kernel).layers[4]
    up.weight.data = down.weight.data
    x, y = torch.randn(1, 2, 8, 8), torch.randn(1, 4, 4, 4)
    bias_free = nn.functional.conv2d(x, down.weight, None, down.stride, down.padding)
    torch.testing.assert_close((bias_free * y).sum(), (x * up(y)).sum(), rtol=1e-4, atol=1e-4)


def test_feature_maps_are_the_stages_of_the_trunk():
    network, images = Discriminator((3, 32, 32), 2).eval(), torch.randn(2, 3, 32, 32)
    maps = network.feature_maps(images)
    assert [tuple(m.shape[1:]) for m in maps] == [(2, 16, 16), (4, 8, 8), (8, 4, 4)]
    torch.testing.assert_close(maps[-1].flatten(1), network.features(images))
    torch.testing.assert_close(network.head(network.features(images)).squeeze(1), network(images))
    assert all((m < 0).any() and (m > 0).any() for m in maps)  # after the leaky ReLU, not before a ReLU


@pytest.mark.parametrize(
    "network", [lambda **o: Generator(3, (1, 16, 16), **o), lambda **o: Discriminator((1, 16, 16), **o)]
)
def test_an_unknown_norm_is_refused(network):
    with pytest.raises(GenzooError, match=r"norm='group': unknown. Accepted: batch, layer, instance"):
        network(norm="group")


def test_a_generator_has_no_spectral_norm():
    with pytest.raises(
        GenzooError, match=r"model.generator.norm='spectral': unknown. Accepted: batch, layer, instance, none"
    ):
        Generator(3, (1, 16, 16), norm="spectral")


@pytest.mark.parametrize("network", [lambda shape: Generator(3, shape), Discriminator])
def test_a_size_that_is_no_power_of_two_is_refused(network):
    with pytest.raises(GenzooError, match=r"data.size=48 is not possible"):
        network((3, 48, 48))


def test_a_minibatch_layer_appends_to_the_features_that_the_score_is_taken_of():
    images = torch.rand(5, 1, 16, 16)
    torch.manual_seed(0)
    plain = Discriminator((1, 16, 16), channels=2, norm="none")
    torch.manual_seed(0)
    network = Discriminator((1, 16, 16), channels=2, norm="none", minibatch=partial(MinibatchDiscrimination, kernels=3))
    layer = network.trunk[-1]
    network.trunk[:-1].load_state_dict(plain.trunk.state_dict())
    features = network.features(images)
    torch.testing.assert_close(features, layer(plain.features(images)))
    torch.testing.assert_close(network(images), network.head(features).squeeze(1))
    assert layer.bias.eq(-1).all(), "not touched by the other layers' initialisation"
    for one, other in zip(network.feature_maps(images), plain.feature_maps(images), strict=True):
        torch.testing.assert_close(one, other)
    # The score of an image depends on the others of its batch now.
    with torch.no_grad():
        network.head.weight[:, -3:] = 1
    assert not torch.allclose(network(images)[:1], network(images[:1]))
    assert torch.allclose(plain(images)[:1], plain(images[:1]))
