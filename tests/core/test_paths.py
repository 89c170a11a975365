"""Paths between codes: arcs against scipy's, and vectors that determine none."""

import math

import pytest
import torch
from scipy.spatial import geometric_slerp

from genzoo.core.paths import slerp


def normals(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_unit_vectors_go_along_the_arc_that_scipy_finds():
    start, end = torch.nn.functional.normalize(normals(2, 6).double(), dim=-1)
    t = torch.linspace(0, 1, 7).double()
    expected = geometric_slerp(start.numpy(), end.numpy(), t.numpy())
    assert torch.allclose(slerp(start, end, t[:, None]), torch.tensor(expected))


def test_the_middle_of_orthogonal_vectors_and_a_third_of_the_way():
    x, y = torch.eye(2)
    assert torch.allclose(slerp(x, y, torch.tensor(0.5)), torch.tensor([0.5, 0.5]).sqrt())
    assert torch.allclose(slerp(x, y, torch.tensor(1 / 3)), torch.tensor([math.cos(math.pi / 6), 0.5]))


def test_a_common_length_is_kept_and_the_ends_are_met():
    start, end = normals(2, 20, 1, 9)
    end = end * start.norm(dim=-1, keepdim=True) / end.norm(dim=-1, keepdim=True)
    path = slerp(start, end, torch.linspace(0, 1, 11)[:, None])
    assert path.shape == (20, 11, 9)
    assert torch.allclose(path.norm(dim=-1), start.norm(dim=-1).expand(20, 11), rtol=1e-5)
    assert torch.allclose(path[:, [0]], start, atol=1e-6)
    assert torch.allclose(path[:, [-1]], end, atol=1e-6)


@pytest.mark.parametrize("factor", [1.0, 3.0, -1.0, -2.0, 0.0, 1.00001], ids=str)
def test_vectors_that_determine_no_arc_are_interpolated_linearly(factor):
    start, t = normals(1, 7), torch.linspace(0, 1, 5)[:, None]
    path = slerp(start, factor * start, t)
    assert path.isfinite().all()
    if factor:
        assert torch.allclose(path, (1 + t * (factor - 1)) * start, atol=1e-6)


def test_two_zeros_stay_zero():
    assert (slerp(torch.zeros(3), torch.zeros(3), torch.linspace(0, 1, 4)[:, None]) == 0).all()
