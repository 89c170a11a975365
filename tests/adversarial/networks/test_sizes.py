import pytest

from genzoo.adversarial.networks.sizes import halvings
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
