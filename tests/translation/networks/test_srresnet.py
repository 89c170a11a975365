"""SRResNet: weights, sizes, what its residual connections add."""

import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.translation.networks.srresnet import SRResNet, _AroundBlocks, _Block


def test_it_has_the_papers_layers():
    with torch.device("meta"):
        network = SRResNet(shape=(3, 24, 24), outputs=3)
    ends = 81 * 3 * 64 + 64 + 81 * 64 * 3 + 3
    normed = 9 * 64 * 64 + 2 * 64
    shuffles = 2 * (9 * 64 * 256 + 256)
    slopes = 1 + 16 + 2
    assert sum(p.numel() for p in network.parameters()) == ends + 33 * normed + shuffles + slopes


@pytest.mark.parametrize(("factor", "size"), [(1, (5, 7)), (2, (5, 7)), (4, (3, 8))])
def test_images_of_any_size_are_enlarged_by_the_factor(factor, size):
    network = SRResNet((1, 4, 4), outputs=3, factor=factor, channels=4, blocks=1)
    assert network(torch.randn(2, 1, *size)).shape == (2, 3, factor * size[0], factor * size[1])


@pytest.mark.parametrize("module", [_Block(2), _AroundBlocks(2, 3)])
def test_with_zero_weights_a_residual_part_is_the_identity(module):
    x = torch.randn(2, 2, 4, 4)
    for m in module.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.zeros_(m.weight)
    assert torch.equal(module(x), x)


def test_black_is_zero_in_front_of_the_first_layer():
    network = SRResNet((1, 4, 4), outputs=1, factor=1, channels=2, blocks=1)
    seen = []
    network.layers[0].register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0]))
    network(torch.tensor([-1.0, 1.0]).view(1, 1, 1, 2))
    assert seen[0].flatten().tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"factor": 3}, r"^model\.pairs\.factor=3: this network needs a power of 2\.$"),
        ({"blocks": 0}, r"^model\.generator\.blocks=0: an integer of at least 1 is needed\.$"),
    ],
)
def test_what_it_cannot_be_is_one_line(settings, message):
    with pytest.raises(GenzooError, match=message):
        SRResNet(**{"shape": (1, 8, 8), "outputs": 1, "channels": 4, **settings})
