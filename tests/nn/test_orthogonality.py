"""The orthogonal penalty by loops, where it is 0, and where its gradient leads."""

import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.nn.orthogonality import Orthogonality


def by_loops(kernel):
    """Σ |W Wᵀ - 1|, one number at a time."""
    n, m, h, w = kernel.shape
    total = 0.0
    for o in range(n):
        for a in range(h):
            for b in range(h):
                product = sum(kernel[o, i, a, j].item() * kernel[o, i, b, j].item() for i in range(m) for j in range(w))
                total += abs(product - (a == b))
    return total


def network():
    torch.manual_seed(0)
    layers = nn.Conv2d(2, 3, (2, 4)), nn.BatchNorm2d(3), nn.ConvTranspose2d(3, 2, 3), nn.Flatten(), nn.Linear(4, 5)
    return nn.Sequential(*layers).double()


def test_it_is_the_sum_over_the_filters_of_all_convolutions():
    layers = network()
    expected = by_loops(layers[0].weight) + by_loops(layers[2].weight)
    assert Orthogonality(weight=0.01)(layers).item() == pytest.approx(0.01 * expected, rel=1e-12)


def test_other_layers_have_no_part_in_it():
    layers = network()
    penalty = Orthogonality(weight=1.0)(layers)
    parameters = dict(layers.named_parameters())
    found = torch.autograd.grad(penalty, list(parameters.values()), allow_unused=True)
    moved = {name for name, gradient in zip(parameters, found, strict=True) if gradient is not None}
    assert moved == {"0.weight", "2.weight"}
    assert Orthogonality()(layers[4]) == 0


def test_orthonormal_rows_have_none_and_descent_makes_rows_orthonormal():
    kernel = nn.Conv2d(3, 4, 2, bias=False)
    rows = torch.linalg.qr(torch.randn(4, 6, 2)).Q.mT  # two orthonormal rows of 6 numbers for each filter
    kernel.weight.data = rows.unflatten(2, (3, 2)).transpose(1, 2)
    assert Orthogonality(weight=1.0)(kernel).item() == pytest.approx(0, abs=1e-5)
    nn.init.normal_(kernel.weight, std=0.5)
    optimizer = torch.optim.SGD(kernel.parameters(), lr=0.02)
    for step in range(400):
        optimizer.param_groups[0]["lr"] = 0.02 * (1 - step / 400)
        optimizer.zero_grad()
        Orthogonality(weight=1.0)(kernel).backward()
        optimizer.step()
    assert Orthogonality(weight=1.0)(kernel).item() < 0.05


def test_it_is_float32_in_half_precision():
    kernel = nn.Conv2d(3, 4, 2)
    with torch.autocast("cpu", torch.bfloat16):
        inside = Orthogonality()(kernel)
    assert torch.equal(inside, Orthogonality()(kernel))


def test_a_negative_weight_is_refused():
    with pytest.raises(GenzooError, match=r"^model\.orthogonality\.weight=-1\.0: a number of at least 0 is needed"):
        Orthogonality(weight=-1.0)
