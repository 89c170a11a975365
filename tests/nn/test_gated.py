"""A gated layer against the paper's formula, written out with kernels of the whole size."""

import pytest
import torch
from torch.nn import functional as F

from genzoo.nn.gated import GatedLayer


@pytest.mark.parametrize("mask", ["A", "B"])
def test_it_is_the_papers_formula(mask):
    torch.manual_seed(0)
    hidden, inputs = 3, 3
    layer = GatedLayer(inputs, hidden, 3, mask, condition=2).double()
    v, h = (torch.randn(2, inputs, 5, 4, dtype=torch.double) for _ in range(2))
    c = torch.randn(2, 2, dtype=torch.double)

    def gated(features, bias):
        f, g = (features + bias[:, :, None, None]).split(hidden, dim=1)
        return torch.tanh(f) * torch.sigmoid(g)

    of_v, of_h = F.linear(c, layer.condition.weight).split(2 * hidden, dim=1)
    whole = torch.zeros(2 * hidden, inputs, 3, 3, dtype=torch.double)
    whole[:, :, :2] = layer.vertical.weight
    vertical = F.conv2d(v, whole, layer.vertical.bias, padding=1)
    row = torch.zeros(2 * hidden, inputs, 1, 3, dtype=torch.double)
    row[..., : 1 if mask == "A" else 2] = layer.horizontal.weight[..., : 1 if mask == "A" else 2]
    horizontal = F.conv2d(h, row, layer.horizontal.bias, padding=(0, 1)) + layer.tell(vertical)
    expected = F.conv2d(gated(horizontal, of_h), layer.merge.weight, layer.merge.bias)
    if mask == "B":
        expected = expected + h

    found, told = layer.down(v, c)
    torch.testing.assert_close(found, gated(vertical, of_v))
    torch.testing.assert_close(layer.across(h, told), expected)
