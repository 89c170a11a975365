"""The U-Net: sizes, number of weights, connections, norm of the innermost layer, noise."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.translation.networks.unet import UNet


def small(size=16, **settings):
    torch.manual_seed(0)
    return UNet(shape=(3, size, size), outputs=2, **{"channels": 4, "dropout": 0.0, **settings})


def test_256_pixels_have_the_papers_layers():
    with torch.device("meta"):
        network = UNet(shape=(3, 256, 256), outputs=3)
    assert [len(network.down), len(network.up)] == [8, 8]
    widths = [3, 64, 128, 256, 512, 512, 512, 512, 512]
    encoder = sum(16 * a * b for a, b in pairwise(widths))
    decoder = 16 * (512 * 512 + 3 * 1024 * 512 + 1024 * 256 + 512 * 128 + 256 * 64 + 128 * 3)
    norms = 2 * 2 * (4 * 512 + 256 + 128) + 2 * 64  # both halves have the same, and the decoder one of 64
    assert sum(p.numel() for p in network.parameters()) == encoder + decoder + norms


def test_three_innermost_layers_of_the_decoder_have_dropout():
    with torch.device("meta"):
        network = UNet(shape=(3, 64, 64), outputs=3)
    dropped = [any("Dropout" in type(layer).__name__ for layer in up) for up in network.up]
    assert dropped == [False, False, False, True, True, True]  # to 2 x 2, 4 x 4 and 8 x 8


def test_no_convolution_has_a_bias_and_the_innermost_no_norm():
    network = small()
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    assert len(convolutions) == 8
    assert all(m.bias is None for m in convolutions)
    assert [any(isinstance(m, nn.BatchNorm2d) for m in down) for down in network.down] == [False, True, True, False]


@pytest.mark.parametrize("size", [4, 8, 16, 28, 30])
def test_the_result_has_the_images_size_and_range(size):
    network = small(size)
    made = network(torch.randn(2, 3, size, size))
    assert made.shape == (2, 2, size, size)
    assert made.abs().max() <= 1


def test_padding_repeats_the_border_and_is_cut_off():
    large, network = small(32), small(30)
    network.load_state_dict(large.state_dict())
    images = torch.randn(1, 3, 30, 30)
    padded = nn.functional.pad(images, (1, 1, 1, 1), mode="replicate")
    assert torch.equal(network(images), large(padded)[..., 1:31, 1:31])


def test_connections_go_around_the_bottleneck_and_without_them_all_goes_through_it():
    images = torch.randn(2, 3, 16, 16)
    for skips in (True, False):
        network = small(skips=skips)
        made = network(images)
        with torch.no_grad():
            network.down[-1][1].weight.zero_()  # the bottleneck is 0
        cut = network(images)
        assert not torch.equal(made, cut)
        differ = not torch.allclose(cut[0], cut[1])
        assert differ == skips


def test_dropout_is_noise_in_evaluation_too_and_follows_the_seed():
    network, images = small(dropout=0.5).eval(), torch.randn(1, 3, 16, 16)

    def made(seed):
        torch.manual_seed(seed)
        return network(images)

    assert torch.equal(made(0), made(0))
    assert not torch.equal(made(0), made(1))
    still = small().eval()
    assert torch.equal(still(images), still(images))


def test_with_one_image_batch_norm_is_instance_norm():
    images = torch.randn(1, 3, 16, 16)
    batch, instance = small(norm="batch"), small(norm="instance")
    instance.load_state_dict(batch.state_dict(), strict=False)
    torch.testing.assert_close(batch(images), instance(images), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"shape": (3, 16, 8)}, r"model\.generator\.shape=\(3, 16, 8\): squares of at least 4 pixels are needed\."),
        ({"shape": (3, 2, 2)}, r"model\.generator\.shape=\(3, 2, 2\): squares"),
        ({"dropout": 1.0}, r"model\.generator\.dropout=1\.0: a probability of at least 0 and below 1"),
        ({"norm": "spectral"}, r"model\.generator\.norm='spectral': unknown\."),
    ],
)
def test_what_it_cannot_be_is_one_line(settings, message):
    with pytest.raises(GenzooError, match=message):
        UNet(**{"shape": (3, 16, 16), "outputs": 3, "channels": 4, **settings})
