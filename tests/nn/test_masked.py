"""Masked convolutions: what they see, against masks written out; in steps they give what they give at once."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.nn.masked import MaskedConv2d, VerticalConv2d, down_shift, owners
from genzoo.nn.steps import in_steps


def seen(layer, colour=0, size=5):
    """Which pixels an output map in the middle of an image depends on, for each input map: (inputs, size, size)."""
    x = torch.randn(1, layer.in_channels, size, size, dtype=torch.double, requires_grad=True)
    layer.double()(x)[0, colour, size // 2, size // 2].backward()
    return (x.grad[0] != 0).int().tolist()


def test_one_colour_sees_what_is_before_it():
    before = [[0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
    assert seen(MaskedConv2d(1, 1, 3, "A")) == [before]
    before[2][2] = 1
    assert seen(MaskedConv2d(2, 2, 3, "B"), 1) == [before, before]
    row = [[0] * 5, [0] * 5, [1, 1, 0, 0, 0], [0] * 5, [0] * 5]
    assert seen(MaskedConv2d(1, 1, (1, 5), "A")) == [row]


@pytest.mark.parametrize(
    ("mask", "own"), [("A", [[0, 0, 0], [1, 0, 0], [1, 1, 0]]), ("B", [[1, 0, 0], [1, 1, 0], [1, 1, 1]])]
)
def test_of_its_own_pixel_a_colour_sees_earlier_ones(mask, own):
    layer = MaskedConv2d(3, 3, 3, mask, colours=3)
    for colour in range(3):
        for theirs, pixels in enumerate(seen(layer, colour)):
            assert pixels[1][1:4] == [1, 1, 1]
            assert pixels[2] == [0, 1, own[colour][theirs], 0, 0]
            assert pixels[3] == [0] * 5


def test_each_gate_is_shared_among_the_colours():
    layer = MaskedConv2d(3, 12, 1, "B", colours=3, parts=2)
    sees_blue = [layer.mask[i, 2].item() == 1 for i in range(12)]
    assert sees_blue == [False, False, False, False, True, True] * 2
    assert owners(7, 3).tolist() == [0, 0, 0, 1, 1, 2, 2]


def test_the_vertical_stack_sees_its_row_and_those_above():
    rows = [[1] * 5, [1] * 5, [1] * 5, [0] * 5, [0] * 5]
    assert seen(VerticalConv2d(1, 1, 5)) == [rows]
    assert down_shift(torch.arange(6.0).view(1, 1, 3, 2)).flatten().tolist() == [0, 0, 0, 1, 2, 3]


@pytest.mark.parametrize("kernel", [3, (1, 7), 1, (3, 1)])
@pytest.mark.parametrize("mask", ["A", "B"])
def test_pixel_by_pixel_it_gives_what_it_gives_at_once(kernel, mask):
    torch.manual_seed(0)
    layer = MaskedConv2d(3, 6, kernel, mask, colours=3).double()
    x = torch.randn(2, 3, 4, 5, dtype=torch.double)
    found = torch.empty(2, 6, 4, 5, dtype=torch.double)
    with in_steps(layer, 2, 5) as cursor:
        for row in range(4):
            for column in range(5):
                cursor.move_to(column)
                pixel = x[:, :, row : row + 1, column : column + 1]
                guess = (
                    pixel if mask == "B" else pixel * torch.tensor([1.0, 1.0, 5.0]).view(3, 1, 1)
                )  # no map sees blue
                found[:, :, row, column] = layer(guess)[:, :, 0, 0]
                cursor.correct(pixel)
            cursor.next_row()
    torch.testing.assert_close(found, layer(x), rtol=0, atol=1e-12)
    assert layer.steps is None


def test_row_by_row_the_vertical_stack_gives_what_it_gives_at_once():
    torch.manual_seed(0)
    layer, x = VerticalConv2d(2, 3, 5), torch.randn(2, 2, 6, 4)
    with in_steps(layer, 2, 4) as cursor:
        for _ in range(2):  # the second image as if there had been no first one
            found = torch.cat([layer(row) for row in x.split(1, dim=2)], dim=2)
            cursor.forget()
    torch.testing.assert_close(found, layer(x))


def test_a_network_is_itself_again_whatever_happens_in_steps():
    layer = MaskedConv2d(1, 1, 3)
    with pytest.raises(IndexError), in_steps(layer, 1, 4):
        layer(torch.zeros(1, 1))
    assert layer.steps is None


def test_kernels_and_widths_that_cannot_be_masked_are_refused():
    with pytest.raises(GenzooError, match=r"kernel=4: expected odd sizes"):
        MaskedConv2d(1, 1, 4)
    with pytest.raises(GenzooError, match=r"kernel=2: expected odd sizes"):
        VerticalConv2d(1, 1, 2)
    with pytest.raises(GenzooError, match="2 feature maps are too few for 3 colours"):
        MaskedConv2d(3, 4, 1, colours=3, parts=2)
