import pytest

from genzoo.adversarial.networks.sizes import halvings, widths
from genzoo.core.errors import GenzooError


@pytest.mark.parametrize(("size", "expected"), [(16, (2, 4)), (28, (2, 7)), (32, (3, 4)), (64, (4, 4)), (128, (5, 4))])
def test_halving_so_often_leads_to_the_smallest_size(size, expected):
    times, smallest = halvings((3, size, size))
    assert (times, smallest) == expected
    assert smallest * 2**times == size


@pytest.mark.parametrize("shape", [(3, 48, 48), (1, 14, 14), (3, 8, 8), (3, 32, 64)])
def test_other_sizes_are_refused(shape):
    with pytest.raises(GenzooError, match=rf"data.size={shape[1]} is not possible; choose a power of two .* or 28"):
        halvings(shape)


@pytest.mark.parametrize("coarsest", [(4, 4, 4), (2, 4, 4)])
@pytest.mark.parametrize("times", [1, 3, 5])
def test_there_is_a_map_per_doubling_of_the_coarsest_one(coarsest, times):
    found = widths((3, *(side * 2**times for side in coarsest)), 5, coarsest)
    assert found == [5, 10, 20, 40, 80][:times]


def test_other_extents_are_refused():
    with pytest.raises(GenzooError, match=r"^model: .* of 4 x 8 x 8, .*, 64 x 128 x 128, not of 128 x 256 x 256; "):
        widths((3, 128, 256, 256), 5, (2, 4, 4))
