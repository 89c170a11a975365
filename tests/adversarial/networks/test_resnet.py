import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.networks.resnet import Discriminator, DownBlock, Generator, UpBlock
from genzoo.core.errors import GenzooError
from genzoo.nn.spectral import SpectralConv2d, SpectralLinear


@pytest.mark.parametrize("size", [16, 28, 32, 64, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_every_size_and_scores_of_them(size, channels):
    shape = (channels, size, size)
    images = Generator(latent=6, shape=shape, channels=4)(torch.randn(3, 6))
    assert images.shape == (3, *shape)
    assert images.abs().max() < 1
    network = Discriminator(shape, channels=4)
    assert network(images).shape == (3,)
    assert network.feature_maps(images)[-1].shape[2] == (7 if size == 28 else 8)


def test_published_widths_have_the_published_numbers_of_parameters():
    # gan_cifar_resnet.py with DIM 128, unconditional, without norm in the critic
    conv = 128 * 128 * 9 + 128
    up = 2 * conv + (128 * 128 + 128) + 4 * 128
    generator = (128 * 128 * 16 + 128 * 16) + 3 * up + 2 * 128 + (128 * 3 * 9 + 3)
    assert sum(p.numel() for p in Generator(128, (3, 32, 32), 128).parameters()) == generator
    first = (3 * 128 * 9 + 128) + conv + (3 * 128 + 128)
    critic = first + (2 * conv + 128 * 128 + 128) + 2 * (2 * conv) + 129
    assert sum(p.numel() for p in Discriminator((3, 32, 32), 128).parameters()) == critic
    # snresnet_32.py: the same, but its last layer has no bias
    assert sum(p.numel() for p in Discriminator((3, 32, 32), 128, "spectral", "sum").parameters()) == critic - 1


def test_the_up_block_is_the_published_one():
    torch.manual_seed(0)
    block, x = UpBlock(4, "none"), torch.randn(2, 4, 5, 5)
    double = nn.UpsamplingNearest2d(scale_factor=2)
    residual = block.second(F.relu(block.first(double(F.relu(x)))))
    torch.testing.assert_close(block(x), residual + block.shortcut(double(x)))


@pytest.mark.parametrize(("first", "halve"), [(True, True), (False, True), (False, False)])
def test_the_down_block_is_the_published_one(first, halve):
    torch.manual_seed(0)
    block, x = DownBlock(4, 4, "none", first=first, halve=halve), torch.randn(2, 4, 6, 6)

    def mean_pool(t):  # as the original: four shifted grids
        return (t[:, :, ::2, ::2] + t[:, :, 1::2, ::2] + t[:, :, ::2, 1::2] + t[:, :, 1::2, 1::2]) / 4

    residual = block.second(F.relu(block.first(x if first else F.relu(x))))
    if not halve:
        expected = residual + x
    elif first:  # MeanPoolConv
        expected = mean_pool(residual) + block.shortcut(mean_pool(x))
    else:  # ConvMeanPool
        expected = mean_pool(residual) + mean_pool(block.shortcut(x))
    torch.testing.assert_close(block(x), expected)


@pytest.mark.parametrize(("pooling", "factor"), [("mean", 1), ("sum", 64)])
def test_features_are_pooled_over_pixels(pooling, factor):
    network = Discriminator((3, 32, 32), 4, pooling=pooling)
    images = torch.randn(2, 3, 32, 32)
    last = network.feature_maps(images)[-1].relu()
    torch.testing.assert_close(network.features(images), factor * last.mean((2, 3)))
    torch.testing.assert_close(network(images), network.head(network.features(images))[:, 0])


def test_spectral_normalisation_is_of_all_weights_of_the_critic():
    network = Discriminator((3, 32, 32), 4, norm="spectral")
    weights = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(weights) == 8 + 2 + 1
    assert all(isinstance(m, SpectralConv2d | SpectralLinear) for m in weights)


def test_the_output_convolution_has_gain_one_and_those_after_a_relu_the_square_root_of_two():
    torch.manual_seed(0)
    network = Generator(128, (64, 32, 32), 64)
    inner, output = network.layers[2].first.weight, network.layers[-2].weight  # both 64 -> 64, 3 x 3
    assert (inner.var() / output.var()).item() == pytest.approx(2, rel=0.05)
    assert output.var().item() == pytest.approx(2 / (2 * 64 * 9), rel=0.05)


def test_unknown_settings_are_refused():
    with pytest.raises(GenzooError, match=r"model.discriminator.pooling='max' is unknown. Accepted: mean, sum"):
        Discriminator((3, 32, 32), pooling="max")
    with pytest.raises(GenzooError, match=r"model.generator.norm='group': unknown"):
        Generator(3, (3, 32, 32), norm="group")
