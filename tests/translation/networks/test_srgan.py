"""SRGAN's discriminator: weights and sizes."""

from itertools import pairwise

import pytest
import torch

from genzoo.translation.networks.srgan import SRGANDiscriminator


def test_it_has_the_papers_layers():
    with torch.device("meta"):
        network = SRGANDiscriminator(inputs=3, size=96)
    widths = [64, 64, 128, 128, 256, 256, 512, 512]
    first = 9 * 3 * 64 + 64
    normed = sum(9 * a * b + 2 * b for a, b in pairwise(widths))
    heads = 6 * 6 * 512 * 1024 + 1024 + 1024 + 1
    assert sum(p.numel() for p in network.parameters()) == first + normed + heads


@pytest.mark.parametrize("size", [16, 28, 50])
def test_each_image_of_any_size_has_a_logit(size):
    network = SRGANDiscriminator(inputs=1, size=size, channels=2)
    assert network(torch.randn(3, 1, size, size)).shape == (3,)
