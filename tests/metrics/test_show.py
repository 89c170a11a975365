"""Pictures of volumes show what a viewer sees of them."""

import math

import pytest
import torch

from genzoo.core.batches import DataSpec
from genzoo.core.images import from_levels
from genzoo.data.solids import Solids, draw
from genzoo.metrics.show import AMBIENT, PIXELS, REACH, TILT, TURN, show, view

IMAGES, VOLUMES = DataSpec("images", (3, 8, 8)), DataSpec("volumes", (1, 16, 16, 16), 2, axes="dhw")
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


def test_images_are_shown_as_they_are():
    images = torch.rand(2, 3, 8, 8)
    assert show(images, IMAGES) is images


def test_volumes_are_turned_and_tilted(volumes):
    assert torch.equal(show(volumes, VOLUMES), view(volumes, TURN, TILT))
    assert show(volumes, VOLUMES).shape == (30, 1, PIXELS, PIXELS)


@pytest.mark.parametrize("turn", [0, 30])
def test_a_volume_turned_by_90_degrees_is_what_is_seen_after_a_turn_by_90_degrees(volumes, turn):
    """From above, with away up and right to the right, counterclockwise is from the width towards the depth."""
    turned = volumes.rot90(1, (4, 2))
    assert differing(view(turned, turn, TILT), view(volumes, turn + 90, TILT)) < 0.004
    assert differing(view(turned, turn, TILT), view(volumes, turn - 90, TILT)) > 0.02


def test_from_the_front_the_silhouette_is_the_projection_along_the_depth(volumes):
    found = seen(view(volumes, 0, 0)).float()
    cells = (volumes[:, 0] > 0).any(1)  # (N, H, W)
    centres = (((torch.arange(16) + 0.5) / 16 * 2 - 1) / REACH + 1) / 2 * PIXELS
    rows = centres.floor().long()
    assert torch.equal(found[:, rows][:, :, rows] > 0, cells)


def test_the_top_is_seen_from_above():
    volume = -torch.ones(1, 1, 16, 16, 16)
    volume[:, :, :, 4] = 1  # a plate in the upper half
    heights = [seen(view(volume, 0, tilt))[0].any(1).sum().item() for tilt in (0, 20, 90)]
    expected = [SIDE / 16 * math.cos(t) + SIDE * math.sin(t) for t in map(math.radians, (0, 20, 90))]
    assert heights == pytest.approx(expected, abs=2)


def test_the_nearest_cell_hides_others():
    volume = -torch.ones(1, 1, 16, 16, 16)
    volume[:, :, 12, 4:12, 4:12] = 1
    far = view(volume, 0, 0)
    volume[:, :, 3:8, 4:12, 4:12] = 1
    nearer = view(volume, 0, 0)
    volume[:, :, 12] = -1
    assert torch.equal(nearer, view(volume, 0, 0))
    assert torch.equal(seen(far), seen(nearer))


def test_light_falls_from_the_upper_right_of_the_viewer():
    """In the middle of a ball's picture the normal is (0, 0, 1), and where it is the light's direction, it is 1."""
    ball = from_levels(draw(torch.tensor([[1, 0.4, 0.4, 0.4, 0, 0.5, 0.5, 0.5]]), 64), 2)
    picture = (view(ball, 0, 0)[0, 0] + 1) / 2
    middle, shift = PIXELS // 2, round(0.4 * SIDE / math.sqrt(3))
    facing = AMBIENT + (1 - AMBIENT) / math.sqrt(3)
    assert picture[middle - 2 : middle + 2, middle - 2 : middle + 2].mean().item() == pytest.approx(facing, abs=0.05)
    assert picture[middle - shift, middle + shift].item() == pytest.approx(1, abs=0.03)
    assert picture[middle + shift, middle - shift].item() == pytest.approx(AMBIENT, abs=0.03)


def test_nothing_is_dark():
    assert (view(-torch.ones(2, 1, 8, 8, 8), 30, 20) == -1).all()


def test_a_strip_has_frames_evenly_spaced_in_order_with_a_grey_line_before_each():
    spec = DataSpec("videos", (1, 16, 2, 3), axes="thw")
    videos = torch.arange(16.0).view(1, 1, 16, 1, 1).expand(2, 1, 16, 2, 3) / 16 + 0.01
    shown = show(videos, spec)
    assert shown.shape == (2, 1, 2, 32)
    frames = shown[1, 0, 1].view(8, 4)
    assert frames[:, 0].tolist() == [0] * 8
    torch.testing.assert_close(frames[:, 1:], (torch.arange(0, 16, 2) / 16 + 0.01)[:, None].expand(8, 3))
    assert show(videos[:, :, :5], spec._replace(shape=(1, 5, 2, 3))).shape == (2, 1, 2, 20)
