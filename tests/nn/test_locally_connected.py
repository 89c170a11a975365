"""Locally connected layers against convolutions, and position by position."""

import math

import pytest
import torch
from torch.nn import functional as F

from genzoo.nn.locally_connected import LocallyConnected

SHAPES = [((5, 7), 3, (1, 2), 1), ((4, 6), 2, (1, 1), 0), ((12, 6), 2, (1, 2), 1), ((3, 96), 3, (2, 1), 0)]


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), SHAPES)
def test_with_equal_kernels_it_is_a_convolution(size, kernel, stride, padding):
    torch.manual_seed(0)
    layer = LocallyConnected(2, 3, size, kernel, stride, padding)
    weight, bias = torch.randn(3, 2, kernel, kernel), torch.randn(3)
    with torch.no_grad():
        layer.weight.copy_(weight.flatten(1).T)
        layer.bias.copy_(bias)
    x = torch.randn(4, 2, *size)
    expected = F.conv2d(x, weight, bias, stride, padding)
    assert layer.size == expected.shape[2:]
    torch.testing.assert_close(layer(x), expected)


def test_each_position_has_its_own_kernel_and_bias():
    torch.manual_seed(0)
    layer = LocallyConnected(2, 3, (4, 5), 2, padding=1)
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(2, 2, 4, 5)
    padded, found = F.pad(x, (1, 1, 1, 1)), layer(x)
    for row in range(5):
        for column in range(6):
            position = 6 * row + column
            patch = padded[:, :, row : row + 2, column : column + 2].flatten(1)
            expected = patch @ layer.weight[position] + layer.bias[position]
            torch.testing.assert_close(found[:, :, row, column], expected)


def test_weights_have_the_variance_of_one_patchs_fans():
    torch.manual_seed(0)
    layer = LocallyConnected(16, 8, (12, 12), 3)
    assert layer.weight.std().item() == pytest.approx(math.sqrt(2 / (9 * 16 + 9 * 8)), rel=0.02)
    assert layer.weight.abs().max().item() <= math.sqrt(6 / (9 * 16 + 9 * 8))
    assert not layer.bias.any()
    assert LocallyConnected(1, 1, (3, 3), 2, bias=False).bias is None
