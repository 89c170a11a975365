"""Rain: where its streaks are, how long, bright and oblique they are, what is refused."""

import math

import pytest
import torch
from scipy.ndimage import convolve

from genzoo.core.errors import GenzooError
from genzoo.translation.degradations.rain import Rain

SETTINGS = {"density": 0.02, "length": 5, "angle": 0, "brightness": 0.25}


def rain(shape, seed=1, n=3, **settings):
    """What is added to black images."""
    black = torch.full((n, *shape), -1.0)
    degradation = Rain(shape, **(SETTINGS | settings))
    return degradation.degrade(black, torch.Generator().manual_seed(seed)) + 1


def test_vertical_streaks_add_up_around_their_centres():
    centres = torch.rand(3, 40, 30, generator=torch.Generator().manual_seed(1)) < 0.02
    found = rain((2, 40, 30))
    for image, centre in zip(found, centres, strict=True):
        expected = convolve(0.25 * centre.float().numpy(), [[1]] * 5, mode="constant")
        for channel in image:
            torch.testing.assert_close(channel, torch.from_numpy(expected))


def test_streaks_of_an_image_are_parallel_and_not_those_of_another():
    found = rain((1, 151, 151), n=60, density=4e-5, length=61, angle=30, brightness=2)[:, 0]
    angles = []
    for image in found:
        rows, columns = (image.nonzero() - image.nonzero().float().mean(0)).T
        if len(rows) == 61:  # of exactly one whole streak
            angles.append(math.degrees(math.atan((rows * columns).sum() / rows.square().sum())))
    assert len(angles) > 3
    assert max(map(abs, angles)) < 31
    assert max(angles) - min(angles) > 10


def test_a_white_image_stays_white():
    white = torch.ones(2, 3, 8, 8)
    assert torch.equal(Rain((3, 8, 8), **(SETTINGS | {"density": 1.0})).degrade(white), white)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"length": 4}, r"^model\.pairs\.length=4: an odd number of pixels"),
        ({"length": 0}, r"^model\.pairs\.length=0: a positive integer"),
        ({"density": 1.5}, r"^model\.pairs\.density=1\.5: a number from 0 to 1"),
        ({"angle": -1}, r"^model\.pairs\.angle=-1: a number from 0 to 90"),
        ({"brightness": 3}, r"^model\.pairs\.brightness=3: a number from 0 to 2"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(GenzooError, match=message):
        Rain((1, 8, 8), **(SETTINGS | settings))
