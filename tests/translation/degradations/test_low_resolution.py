"""Loss of resolution."""

import numpy as np
import pytest
import torch
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels, to_levels
from genzoo.translation.degradations.low_resolution import BicubicReduction


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_reductions_are_pillows_to_rounding(factor):
    levels = torch.randint(256, (1, 3, 24, 36), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    picture = Image.fromarray(levels[0].permute(1, 2, 0).numpy())
    theirs = np.asarray(picture.resize((36 // factor, 24 // factor), Image.Resampling.BICUBIC)).astype(int)
    reduction = BicubicReduction((3, 12, 12), factor)
    assert reduction.source == (3, 12 // factor, 12 // factor)
    ours = reduction.degrade(from_levels(levels))
    found = to_levels(ours)
    torch.testing.assert_close(from_levels(found), ours)  # whole levels
    assert abs(found[0].permute(1, 2, 0).numpy().astype(int) - theirs).max() <= 1


@pytest.mark.parametrize(
    ("size", "factor", "message"),
    [
        (30, 4, r"^data\.size=30: a multiple of model\.pairs\.factor=4 is needed, such as 32\.$"),
        (8, 1, r"^model\.pairs\.factor=1: an integer of at least 2 is needed\.$"),
    ],
)
def test_sizes_that_do_not_divide_are_one_line(size, factor, message):
    with pytest.raises(GenzooError, match=message):
        BicubicReduction((3, size, size), factor)
