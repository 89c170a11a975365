"""Receptive fields of models of known size, and the size of the gradient."""

import pytest
import torch

from genzoo.autoregressive.networks.base import CausalNetwork
from genzoo.autoregressive.receptive_field import receptive_field
from genzoo.runs.build import build_module
from support import SHAPES, resolved

SIZE = 19
ROW, COLUMN = 12, 9


def seen_by(name, layers, *overrides):
    """Offsets (rows, columns) of the pixels that a model of the configuration sees from (ROW, COLUMN)."""
    widths = f"recipe.full={{hidden: 12, layers: {layers}, readout: 12}}"
    given = (f"model={name}", *SHAPES, f"data.size={SIZE}", "data.levels=2", widths, *overrides)
    torch.manual_seed(0)
    module = build_module(resolved(*given))
    levels = torch.randint(2, (8, 1, SIZE, SIZE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = module.receptive_field(levels, ROW, COLUMN, torch.Generator().manual_seed(0))
    return {(i - ROW, j - COLUMN) for i, j in found.nonzero().tolist()}


def within(places):
    return {(a, b) for a, b in places if a >= -ROW and -COLUMN <= b < SIZE - COLUMN}


@pytest.mark.parametrize(("layers", "pixels", "blind"), [(1, 39, 198), (2, 57, 180), (4, 102, 135)])
def test_pixelcnn_sees_a_trapezium_whose_right_side_is_its_blind_spot(layers, pixels, blind):
    """By hand: of n 3 x 3 layers after a 7 x 7 one each reaches a row further up and a column to either side, but to
    the right only on its way up. So a rows above, 1 ≤ a ≤ n + 3, the last column seen is min(a + 2, n + 3)."""
    far = layers + 3
    expected = {(0, b) for b in range(-far, 0)}
    expected |= {(-a, b) for a in range(1, far + 1) for b in range(-far, min(a + 2, far) + 1)}
    found = seen_by("pixelcnn", layers)
    assert found == within(expected)
    assert (len(found), ROW * SIZE + COLUMN - len(found)) == (pixels, blind)
    if layers:
        assert (-1, 3) in found, "the last one in the row above"
        assert (-1, 4) not in found, "the blind spot"
        assert (-2, 4) in found, "which opens upwards"


@pytest.mark.parametrize(("layers", "kernel"), [(1, 3), (4, 3), (3, 5)])
def test_gated_pixelcnn_sees_a_rectangle(layers, kernel):
    """By hand: the first layer reaches 1 + 3 rows up and 3 columns to either side, each other one half its kernel."""
    side = 3 + (layers - 1) * (kernel // 2)
    expected = {(0, b) for b in range(-side, 0)}
    expected |= {(-a, b) for a in range(1, side + 2) for b in range(-side, side + 1)}
    assert seen_by("gated_pixelcnn", layers, f"model.network.kernel={kernel}") == within(expected)


class Linear(CausalNetwork):
    """Parameters that cancel out in sum, of the pixel to the left and of the first pixel."""

    def __init__(self):
        super().__init__(channels=2, colours=1)

    def forward(self, images, c=None):
        left, first = images[:, 0].roll(1, 2), images[:, 1, :1, :1].expand_as(images[:, 0])
        return torch.stack([3 * left, -3 * left, 4e-30 * first], dim=1)


def test_it_is_the_size_of_the_jacobian():
    images = torch.randn(20_000, 2, 3, 4, generator=torch.Generator().manual_seed(0))
    found = receptive_field(Linear(), images, 1, 2, torch.Generator().manual_seed(1))
    expected = torch.zeros(3, 4)
    expected[1, 1], expected[0, 0] = 18**0.5, 4e-30
    torch.testing.assert_close(found, expected, rtol=0.02, atol=0)
    assert not found.requires_grad
    assert not images.requires_grad


def test_it_is_the_same_for_the_same_generator():
    images = torch.zeros(2, 2, 3, 4)
    a, b, c = (receptive_field(Linear(), images, 1, 2, torch.Generator().manual_seed(s)) for s in (0, 0, 1))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
