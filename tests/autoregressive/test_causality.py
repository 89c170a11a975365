"""d output_i / d x_j is exactly 0 for every j that is not before i, and not 0 for those that the paper's model sees."""

import pytest
import torch

from genzoo.autoregressive.networks.gated_pixelcnn import GatedPixelCNN
from support.causal import NETWORKS, dependence, lively, network

SIZE = 5


def order(colours, channels):
    """The place of each (colour, row, column), and of each (channel, row, column), in the order of pixels."""
    pixel = torch.arange(SIZE * SIZE).view(SIZE, SIZE)
    theirs = torch.arange(channels) if colours > 1 else torch.zeros(channels, dtype=torch.long)
    return tuple(pixel * colours + of.view(-1, 1, 1) for of in (torch.arange(colours), theirs))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    ("channels", "colours"), [(1, 1), (3, 3), (3, 1)], ids=["grey", "colours in order", "whole pixels"]
)
def test_nothing_that_is_not_before_a_pixel_is_seen(name, channels, colours):
    found = dependence(network(name, channels, colours), channels, SIZE)
    out, given = order(colours, channels)
    before = given < out[..., None, None, None]
    assert found[~before].abs().max() == 0
    # What is before it and at most one row above and one column to the left is seen.
    rows, columns = (d.view(SIZE, SIZE, 1, SIZE, SIZE) for d in offsets())
    near = (rows <= 0) & (rows >= -1) & (columns <= 0) & (columns >= -1)
    assert (found[before & near] > 0).all()


def offsets():
    """Rows and columns from each pixel to each other one, (SIZE, SIZE, SIZE, SIZE)."""
    place = torch.arange(SIZE)
    away = place.view(1, -1) - place.view(-1, 1)  # from, to
    return away[:, None, :, None].expand(-1, SIZE, -1, SIZE), away[None, :, None, :].expand(SIZE, -1, SIZE, -1)


def reachable(*steps):
    """Offsets (rows, columns) reached by one step of each set."""
    places = {(0, 0)}
    for step in steps:
        places = {(a + c, b + d) for a, b in places for c, d in step}
    return places


def seen_from(network, row, column, size):
    """Offsets of the pixels that the output there depends on."""
    found = dependence(network, 1, size, at=(row, column))[0]
    return {(i - row, j - column) for i, j in found.nonzero().tolist()}


def window(top, side):
    """What a masked convolution sees: rows above, and its own row up to the pixel."""
    return {(a, b) for a in range(-top, 1) for b in range(-side, side + 1) if a < 0 or b <= 0}


def test_pixelcnn_sees_a_triangle_and_is_blind_beside_it():
    found = seen_from(network("pixelcnn"), 8, 5, size=11)
    expected = reachable(window(3, 3) - {(0, 0)}, window(1, 1), window(1, 1))
    assert found == {(a, b) for a, b in expected if a >= -8 and -5 <= b <= 5}
    assert (-1, 3) in found
    assert (-1, 4) not in found, "the blind spot"


def test_gated_pixelcnn_has_no_blind_spot():
    # Three layers: 1 + 3 + 1 + 1 rows above, 3 + 1 + 1 columns to each side.
    expected = {(a, b) for a in range(-6, 1) for b in range(-5, 6) if a < 0 or b < 0}
    assert seen_from(network("gated_pixelcnn"), 7, 6, size=12) == expected


def test_a_deep_gated_pixelcnn_sees_all_that_is_before():
    torch.manual_seed(0)
    deep = lively(GatedPixelCNN(channels=1, colours=1, outputs=1, hidden=3, layers=5, readout=4))
    everything = {(a, b) for a in range(-7, 1) for b in range(-4, 5) if a < 0 or b < 0}
    assert seen_from(deep, 7, 4, size=9) == everything


def test_a_row_lstm_sees_a_triangle_above_and_ever_further_left_in_its_row():
    # A layer: the row up to 1 to the left; then, above, states of which each row sees one column more to each side.
    first, row = window(3, 3) - {(0, 0)}, {(0, 0), (0, -1)}
    above = [{(-a, b) for b in range(-a, a + 1)} for a in range(8)]
    layer = reachable({place for rows in above for place in rows}, row) | {(0, 0)}
    expected = reachable(first, layer, layer)
    assert seen_from(network("row_lstm"), 7, 5, size=10) == {(a, b) for a, b in expected if a >= -7 and -5 <= b <= 4}


@pytest.mark.parametrize("column", range(10))
def test_a_diagonal_bilstm_sees_all_that_is_before_but_the_last_pixel_of_the_row_above(column):
    # Features do not hold their own pixel (mask A), and of the last one in a row there is none to its right that does;
    # only the first convolution sees it, 3 columns to each side.
    last = set() if column >= 6 else {(-1, 9 - column)}
    everything = {(a, b) for a in range(-6, 1) for b in range(-column, 10 - column) if a < 0 or b < 0}
    assert seen_from(network("diagonal_bilstm"), 6, column, size=10) == everything - last
