"""Parts of a vector."""

import pytest
import torch

from genzoo.core.parts import Parts

PARTS = Parts({"a": (2, 3), "b": (1,), "c": (2, 1, 2)})


def test_parts_lie_one_after_the_other_row_by_row():
    found = PARTS.split(torch.arange(22).view(2, 11))
    assert PARTS.width == 11
    assert found["a"][1].tolist() == [[11, 12, 13], [14, 15, 16]]
    assert found["b"].tolist() == [[6], [17]]
    assert found["c"][0].tolist() == [[[7, 8]], [[9, 10]]]


def test_joined_parts_are_the_vector_whatever_their_order():
    vectors = torch.arange(22).view(2, 11)
    found = PARTS.split(vectors)
    assert torch.equal(PARTS.join(dict(reversed(found.items()))), vectors)


def test_a_vector_of_another_width_is_refused():
    with pytest.raises(RuntimeError):
        PARTS.split(torch.zeros(2, 12))
