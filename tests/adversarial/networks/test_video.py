"""VGAN's networks have the original's layers, and videos are composed of their streams."""

import pytest
import torch
from torch import nn

from genzoo.adversarial.networks.video import Discriminator, Generator
from genzoo.core.errors import GenzooError


def kernels(network, kind):
    return [tuple(m.weight.shape) for m in network.modules() if isinstance(m, kind)]


def test_the_layers_of_32_frames_are_the_originals():
    generator, discriminator = Generator(100, (3, 32, 64, 64)), Discriminator((3, 32, 64, 64))
    up = [(100, 512, 2, 4, 4), (512, 256, 4, 4, 4), (256, 128, 4, 4, 4), (128, 64, 4, 4, 4)]
    assert kernels(generator, nn.ConvTranspose3d) == [*up, (64, 3, 4, 4, 4), (64, 1, 4, 4, 4)]
    still = [(100, 512, 4, 4), (512, 256, 4, 4), (256, 128, 4, 4), (128, 64, 4, 4), (64, 3, 4, 4)]
    assert kernels(generator, nn.ConvTranspose2d) == still
    down = [(64, 3, 4, 4, 4), (128, 64, 4, 4, 4), (256, 128, 4, 4, 4), (512, 256, 4, 4, 4)]
    assert kernels(discriminator, nn.Conv3d) == [*down, (2, 512, 2, 4, 4)]
    assert len(kernels(discriminator, nn.BatchNorm3d)) == 3
    assert generator.moving[1].weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert discriminator.layers[2].weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert {m.eps for m in discriminator.modules() if isinstance(m, nn.BatchNorm3d)} == {1e-3}


@pytest.mark.parametrize("size", [16, 32, 64])
def test_a_video_is_foreground_where_the_mask_is_and_a_still_background_elsewhere(size):
    torch.manual_seed(0)
    shape = (2, size // 2, size, size)
    generator = Generator(5, shape, channels=2)
    z = torch.randn(3, 5)
    mask, foreground, background = generator.streams(z)
    assert mask.shape == (3, 1, *shape[1:])
    assert foreground.shape == (3, *shape)
    assert background.shape == (3, 2, 1, size, size)
    assert 0 <= mask.min() < mask.max() <= 1
    video = generator(z)
    expected = background.expand_as(foreground) + mask * (foreground - background)
    torch.testing.assert_close(video, expected)
    assert Discriminator(shape, channels=2)(video).shape == (3,)


def test_the_logistic_loss_of_the_logit_is_the_cross_entropy_of_the_two_outputs():
    network, videos = Discriminator((1, 8, 16, 16), 2), torch.rand(4, 1, 8, 16, 16) * 2 - 1
    outputs = network.layers(videos)
    expected = nn.functional.cross_entropy(outputs, torch.ones(4).long())
    torch.testing.assert_close(nn.functional.softplus(-network(videos)).mean(), expected)


@pytest.mark.parametrize("shape", [(1, 12, 24, 24), (1, 16, 16, 16), (1, 16, 32, 64)])
@pytest.mark.parametrize(
    "network", [lambda shape: Generator(3, shape), Discriminator], ids=["generator", "discriminator"]
)
def test_other_shapes_are_refused(network, shape):
    given = " x ".join(map(str, shape[1:]))
    line = rf"^model: .* of 4 x 8 x 8, .*, not of {given}; change data\.size, or data\.frames"
    with pytest.raises(GenzooError, match=line):
        network(shape)
