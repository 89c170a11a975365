"""Images are shown as they are, volumes as a viewer sees them."""

import torch

from genzoo.core.batches import DataSpec
from genzoo.core.view import TILT, TURN, view
from genzoo.data.solids import Solids
from genzoo.metrics.show import PIXELS, show

IMAGES, VOLUMES = DataSpec("images", (3, 8, 8)), DataSpec("volumes", (1, 16, 16, 16), 2, axes="dhw")


def test_images_are_shown_as_they_are():
    images = torch.rand(2, 3, 8, 8)
    assert show(images, IMAGES) is images


def test_volumes_are_turned_and_tilted():
    volumes = Solids(n_train=5).split("train").images * 2.0 - 1
    assert torch.equal(show(volumes, VOLUMES), view(volumes, TURN, TILT, PIXELS))
    assert show(volumes, VOLUMES).shape == (5, 1, PIXELS, PIXELS)


def test_a_strip_has_frames_evenly_spaced_in_order_with_a_grey_line_before_each():
    spec = DataSpec("videos", (1, 16, 2, 3), axes="thw")
    videos = torch.arange(16.0).view(1, 1, 16, 1, 1).expand(2, 1, 16, 2, 3) / 16 + 0.01
    shown = show(videos, spec)
    assert shown.shape == (2, 1, 2, 32)
    frames = shown[1, 0, 1].view(8, 4)
    assert frames[:, 0].tolist() == [0] * 8
    torch.testing.assert_close(frames[:, 1:], (torch.arange(0, 16, 2) / 16 + 0.01)[:, None].expand(8, 3))
    assert show(videos[:, :, :5], spec._replace(shape=(1, 5, 2, 3))).shape == (2, 1, 2, 20)
