"""Holes: their size, their places, what is refused."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.translation.degradations.hole import Hole


def test_each_image_loses_one_square_at_a_place_of_its_own():
    images = torch.rand(400, 3, 7, 9, generator=torch.Generator().manual_seed(0)) + 0.1
    found = Hole((3, 7, 9), size=3).degrade(images, torch.Generator().manual_seed(1))
    gone = found == 0
    assert torch.equal(found[~gone], images[~gone])
    places = set()
    for hole in gone:
        assert torch.equal(hole[0], hole[1])
        rows, columns = hole[0].any(1).nonzero().flatten(), hole[0].any(0).nonzero().flatten()
        assert rows.tolist() == [*range(rows[0], rows[0] + 3)]
        assert columns.tolist() == [*range(columns[0], columns[0] + 3)]
        assert hole[0].sum() == 9
        places.add((rows[0].item(), columns[0].item()))
    assert places == {(row, column) for row in range(5) for column in range(7)}


@pytest.mark.parametrize("size", [0, 7])
def test_holes_of_no_or_all_pixels_are_refused(size):
    with pytest.raises(GenzooError, match=rf"^model\.pairs\.size={size}: a square of 1 to 6 pixels"):
        Hole((1, 7, 9), size)
