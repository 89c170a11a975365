"""Multiscale convolutions against explicit dilated ones."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.nn.multiscale import MultiscaleBlock, MultiscaleConv2d


def spread(kernel, dilation):
    """The kernel (N, M, 3, 3) with zeros between its pixels, by loops."""
    size = 2 * dilation + 1
    wide = torch.zeros(*kernel.shape[:2], size, size, dtype=kernel.dtype)
    for i in range(3):
        for j in range(3):
            wide[:, :, i * dilation, j * dilation] = kernel[:, :, i, j]
    return wide


@pytest.mark.parametrize("scales", [[], [2], [0, 2], [0, 2, 3], [2, 3, 4]])
def test_one_kernel_at_several_dilations_is_the_sum_of_explicit_convolutions(scales):
    torch.manual_seed(0)
    layer = MultiscaleConv2d(3, 4, scales).double()
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.gains)
    x = torch.randn(2, 3, 9, 7, dtype=torch.double)
    expected = torch.zeros(2, 4, 9, 7, dtype=torch.double)
    for scale, gain in zip([1, *scales], layer.gains, strict=True):
        if scale == 0:
            of_scale = torch.einsum("oi,bihw->bohw", layer.weight.sum((2, 3)) / 9, x)
        else:
            of_scale = F.conv2d(F.pad(x, [scale] * 4), spread(layer.weight, scale))
        expected += gain.view(1, 4, 1, 1) * of_scale
    torch.testing.assert_close(layer(x), expected)


def test_it_starts_as_the_mean_over_its_scales():
    layer = MultiscaleConv2d(2, 5, [0, 2, 3], std=0.5)
    assert layer.gains.shape == (4, 5)
    assert (layer.gains == 0.25).all()
    assert sum(p.numel() for p in layer.parameters()) == 5 * 2 * 9 + 4 * 5  # one kernel, no bias
    wide = MultiscaleConv2d(100, 100, [2], std=0.02)
    assert wide.weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_the_block_is_the_residual_of_its_source():
    torch.manual_seed(0)
    block = MultiscaleBlock(3, [0, 2], slope=0.1).train()
    x = torch.randn(4, 3, 6, 6)

    def activated(maps):
        mean, variance = maps.mean((0, 2, 3), keepdim=True), maps.var((0, 2, 3), keepdim=True, correction=0)
        return F.leaky_relu((maps - mean) / (variance + 1e-5).sqrt(), 0.1)

    first, second = (m for m in block.residual if isinstance(m, MultiscaleConv2d))
    torch.testing.assert_close(block(x), activated(x + second(activated(first(activated(x))))))


@pytest.mark.parametrize("scales", [[1], [2, 2], [-1]])
def test_scales_that_make_no_sense_are_refused(scales):
    with pytest.raises(GenzooError, match=r"^scales=.*: different integers of at least 0, without 1, are needed"):
        MultiscaleConv2d(2, 2, scales)
