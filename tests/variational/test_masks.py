"""Masks against the definition by blocks, and for widths of any kind."""

from itertools import pairwise

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.variational.masks import check_hidden, conv_mask, degrees, linear_mask


@pytest.mark.parametrize(("size", "width"), [(4, 12), (6, 6), (32, 160)])
def test_of_multiples_each_variable_has_a_block_of_units(size, width):
    inward = linear_mask(degrees(size, size), degrees(width, size), strict=False)
    outward = linear_mask(degrees(width, size), degrees(size, size), strict=True)
    for variable in range(size):
        for unit in range(width):
            block = unit // (width // size)
            assert inward[unit, variable] == (variable <= block)
            assert outward[variable, unit] == (block < variable)


def test_of_equal_widths_a_unit_sees_itself_and_those_before_it():
    units = degrees(10, 4)
    assert torch.equal(linear_mask(units, units, strict=False), torch.ones(10, 10).tril().bool())


@pytest.mark.parametrize("hidden", [[7], [7, 3], [3, 7, 5], [1], [13, 2, 31]])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_no_path_leads_to_an_output_from_itself_or_a_later_input(hidden, size):
    ends = degrees(size, size)
    units = [ends, *(degrees(width, size) for width in hidden)]
    paths = torch.eye(size)
    for a, b in pairwise(units):
        paths = linear_mask(a, b, strict=False).float() @ paths
    paths = linear_mask(units[-1], ends, strict=True).float() @ paths
    assert paths.triu().abs().sum() == 0


@pytest.mark.parametrize("strict", [True, False])
def test_convolutions_see_all_channels_to_the_right_and_below(strict):
    a, b = degrees(2, 2), degrees(4, 2)
    mask = conv_mask(a, b, strict, 3)
    assert mask.shape == (4, 2, 3, 3)
    assert not mask[:, :, 0].any()
    assert not mask[:, :, 1, 0].any()
    assert mask[:, :, 1, 2].all()
    assert mask[:, :, 2].all()
    assert torch.equal(mask[:, :, 1, 1], linear_mask(a, b, strict))


@pytest.mark.parametrize("hidden", [[], 320, [0], [8, -1], [2.5], None])
def test_what_is_no_list_of_widths_is_refused(hidden):
    with pytest.raises(GenzooError, match=r"^hidden=") as refusal:
        check_hidden(hidden)
    assert "\n" not in str(refusal.value)
