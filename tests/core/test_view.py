"""Pictures of volumes show what a viewer sees of them."""

import math

import pytest
import torch

from genzoo.core.images import from_levels
from genzoo.core.view import AMBIENT, REACH, TILT, view
from genzoo.data.solids import Solids, draw

PIXELS = 96
SIDE = PIXELS / REACH  # of a volume, in pixels


@pytest.fixture(scope="module")
def volumes():
    return from_levels(Solids(n_train=30).split("train").images, 2)


def seen(pictures):
    """Whether something is seen at a pixel."""
    return pictures[:, 0] > -1


def differing(a, b):
    """The share of pixels that differ; lines of sight along the border of cells are rounded to either side."""
    return ((a - b).abs() > 1e-3).float().mean()


@pytest.mark.parametrize("turn", [0, 30])
def test_a_volume_turned_by_90_degrees_is_what_is_seen_after_a_turn_by_90_degrees(volumes, turn):
    """From above, with away up and right to the right, counterclockwise is from the width towards the depth."""
    turned = volumes.rot90(1, (4, 2))
    assert differing(view(turned, turn, TILT, PIXELS), view(volumes, turn + 90, TILT, PIXELS)) < 0.004
    assert differing(view(turned, turn, TILT, PIXELS), view(volumes, turn - 90, TILT, PIXELS)) > 0.02


def test_from_the_front_the_silhouette_is_the_projection_along_the_depth(volumes):
    found = seen(view(volumes, 0, 0, PIXELS)).float()
    cells = (volumes[:, 0] > 0).any(1)  # (N, H, W)
    centres = (((torch.arange(16) + 0.5) / 16 * 2 - 1) / REACH + 1) / 2 * PIXELS
    rows = centres.floor().long()
    assert torch.equal(found[:, rows][:, :, rows] > 0, cells)


def test_the_top_is_seen_from_above():
    volume = -torch.ones(1, 1, 16, 16, 16)
    volume[:, :, :, 4] = 1  # a plate in the upper half
    heights = [seen(view(volume, 0, tilt, PIXELS))[0].any(1).sum().item() for tilt in (0, 20, 90)]
    expected = [SIDE / 16 * math.cos(t) + SIDE * math.sin(t) for t in map(math.radians, (0, 20, 90))]
    assert heights == pytest.approx(expected, abs=2)


def test_the_nearest_cell_hides_others():
    volume = -torch.ones(1, 1, 16, 16, 16)
    volume[:, :, 12, 4:12, 4:12] = 1
    far = view(volume, 0, 0, PIXELS)
    volume[:, :, 3:8, 4:12, 4:12] = 1
    nearer = view(volume, 0, 0, PIXELS)
    volume[:, :, 12] = -1
    assert torch.equal(nearer, view(volume, 0, 0, PIXELS))
    assert torch.equal(seen(far), seen(nearer))


def test_light_falls_from_the_upper_right_of_the_viewer():
    """In the middle of a ball's picture the normal is (0, 0, 1), and where it is the light's direction, it is 1."""
    ball = from_levels(draw(torch.tensor([[1, 0.4, 0.4, 0.4, 0, 0.5, 0.5, 0.5]]), 64), 2)
    picture = (view(ball, 0, 0, PIXELS)[0, 0] + 1) / 2
    middle, shift = PIXELS // 2, round(0.4 * SIDE / math.sqrt(3))
    facing = AMBIENT + (1 - AMBIENT) / math.sqrt(3)
    assert picture[middle - 2 : middle + 2, middle - 2 : middle + 2].mean().item() == pytest.approx(facing, abs=0.05)
    assert picture[middle - shift, middle + shift].item() == pytest.approx(1, abs=0.03)
    assert picture[middle + shift, middle - shift].item() == pytest.approx(AMBIENT, abs=0.03)


def test_nothing_is_dark():
    assert (view(-torch.ones(2, 1, 8, 8, 8), 30, 20, PIXELS) == -1).all()
