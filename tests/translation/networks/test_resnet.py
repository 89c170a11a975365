"""CycleGAN's generator: layers, sizes, what a block adds."""

import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.translation.networks.resnet import ResNetTranslator, _Block


def test_nine_blocks_have_the_original_number_of_weights():
    with torch.device("meta"):
        network = ResNetTranslator(shape=(3, 256, 256), outputs=3)
    ends = 49 * 3 * 64 * 2
    strided = 9 * (64 * 128 + 128 * 256) * 2
    blocks = 9 * 2 * 9 * 256 * 256
    norms = 2 * (64 + 128 + 256 + 9 * 2 * 256 + 128 + 64)
    assert sum(p.numel() for p in network.parameters()) == ends + strided + blocks + norms


def test_a_block_with_zero_weights_is_the_identity_without_relu():
    block, x = _Block(2, "instance"), torch.randn(1, 2, 4, 4)
    for m in block.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.zeros_(m.weight)
    assert torch.equal(block(x), x)


@pytest.mark.parametrize("size", [8, 28, 32])
def test_the_result_has_the_images_size_and_range(size):
    made = ResNetTranslator((1, size, size), outputs=3, channels=4, blocks=1)(torch.randn(2, 1, size, size))
    assert made.shape == (2, 3, size, size)
    assert made.abs().max() <= 1


def test_with_instance_norm_an_image_does_not_depend_on_the_others():
    network, images = ResNetTranslator((1, 8, 8), outputs=1, channels=4, blocks=1), torch.randn(3, 1, 8, 8)
    torch.testing.assert_close(network(images)[1:2], network(images[1:2]), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"shape": (1, 30, 32)},
            r"model\.generator\.shape=\(1, 30, 32\): sides of a multiple of 4 from 8 on are needed",
        ),
        ({"shape": (1, 4, 4)}, r"model\.generator\.shape=\(1, 4, 4\): sides of a multiple of 4 from 8 on are needed"),
        ({"blocks": 0}, r"model\.generator\.blocks=0: an integer of at least 1 is needed\."),
        ({"norm": "spectral"}, r"model\.generator\.norm='spectral': unknown\."),
    ],
)
def test_what_it_cannot_be_is_one_line(settings, message):
    with pytest.raises(GenzooError, match=message):
        ResNetTranslator(**{"shape": (1, 8, 8), "outputs": 1, "channels": 4, **settings})
