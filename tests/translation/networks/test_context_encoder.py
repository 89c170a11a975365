"""The context encoder's networks: layers and sizes of the original, and by the formula."""

import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.translation.networks.context_encoder import ContextDiscriminator, EncoderDecoder


def widths(network, kind):
    return [m.out_channels for m in network.layers if isinstance(m, kind)]


def test_at_128_pixels_the_layers_are_those_of_the_original():
    with torch.device("meta"):
        generator = EncoderDecoder(shape=(3, 128, 128), outputs=3, side=64)
        discriminator = ContextDiscriminator(inputs=3, size=64)
    assert widths(generator, nn.Conv2d) == [64, 64, 128, 256, 512, 4000]
    assert widths(generator, nn.ConvTranspose2d) == [512, 256, 128, 64, 3]
    assert widths(discriminator, nn.Conv2d) == [64, 128, 256, 512, 1]
    assert [m.num_features for m in discriminator.layers if isinstance(m, nn.BatchNorm2d)] == [128, 256, 512]
    norms = [m.num_features for m in generator.layers if isinstance(m, nn.BatchNorm2d)]
    assert norms == [64, 128, 256, 512, 4000, 512, 256, 128, 64]
    convolutions = 16 * (3 * 64 + 64 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 4000)
    transposed = 16 * (4000 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 3)
    assert sum(p.numel() for p in generator.parameters()) == convolutions + transposed + 2 * sum(norms)


@pytest.mark.parametrize(("size", "side"), [(128, 64), (64, 32), (32, 16), (28, 14), (64, None), (12, 6)])
def test_the_result_has_the_wanted_size(size, side):
    network = EncoderDecoder(shape=(1, size, size), outputs=2, side=side, channels=1, bottleneck=3)
    found = network(torch.randn(2, 1, size, size))
    assert found.shape == (2, 2, side or size, side or size)
    assert found.abs().max() <= 1


def test_all_that_passes_is_the_bottleneck():
    network = EncoderDecoder(shape=(1, 28, 28), outputs=1, channels=1, bottleneck=3)
    seen = []
    decoder = next(m for m in network.layers if isinstance(m, nn.ConvTranspose2d))
    decoder.register_forward_pre_hook(lambda _, given: seen.append(tuple(given[0].shape)))
    network(torch.randn(2, 1, 28, 28))
    assert seen == [(2, 3, 1, 1)]


@pytest.mark.parametrize("size", [4, 9])
def test_sizes_that_cannot_be_halved_are_refused(size):
    with pytest.raises(GenzooError, match=rf"^data\.size: .* a multiple of 2 above 4, not {size}\.$"):
        ContextDiscriminator(inputs=1, size=size)


def test_no_bottleneck_is_refused():
    with pytest.raises(GenzooError, match=r"^model\.generator\.bottleneck=0: a positive integer"):
        EncoderDecoder(shape=(1, 28, 28), outputs=1, bottleneck=0)
