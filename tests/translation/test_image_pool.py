"""The pool of earlier translations."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.translation.image_pool import ImagePool


def numbered(first, n):
    return torch.arange(first, first + n).float().view(n, 1, 1, 1)


def test_the_first_images_are_shown_as_they_are_and_stored():
    pool = ImagePool((1, 1, 1), size=6)
    for first in (0, 3):
        assert torch.equal(pool(numbered(first, 3)), numbered(first, 3))
    assert torch.equal(pool.images, numbered(0, 6))
    assert pool.held == 6


def test_later_half_of_the_shown_images_are_stored_ones_whose_place_a_new_one_takes():
    torch.manual_seed(0)
    pool, old = ImagePool((1, 1, 1), size=20), 0
    pool(numbered(0, 20))
    for first in range(20, 2020):
        before = {*pool.images.flatten().tolist()}
        shown = pool(numbered(first, 1)).item()
        after = {*pool.images.flatten().tolist()}
        if shown == first:
            assert after == before
        else:
            old += 1
            assert shown in before
            assert after == before - {shown} | {float(first)}
    assert abs(old - 1000) < 3.5 * 500**0.5  # a binomial distribution's standard deviation is √(2000 / 4)


def test_within_a_batch_images_pass_one_by_one():
    torch.manual_seed(0)
    pool = ImagePool((1, 1, 1), size=1)
    shown = pool(numbered(0, 200)).flatten().tolist()
    stored = 0.0  # the pool by its rule, given what it showed
    for new, image in enumerate(shown):
        assert image in (new, stored)
        if image != new:
            stored = float(new)
    assert pool.images.item() == stored


def test_no_size_means_no_pool_and_no_gradients_pass():
    images = numbered(0, 2).requires_grad_()
    for size in (0, 3):
        shown = ImagePool((1, 1, 1), size)(images)
        assert torch.equal(shown, images)
        assert not shown.requires_grad


def test_the_state_is_stored():
    torch.manual_seed(0)
    pool, copy = ImagePool((1, 1, 1), size=4), ImagePool((1, 1, 1), size=4)
    pool(numbered(0, 9))
    copy.load_state_dict(pool.state_dict())
    shown = []
    for one in (pool, copy):
        torch.manual_seed(1)
        shown.append(one(numbered(9, 30)))
    assert torch.equal(*shown)


def test_a_negative_size_is_refused():
    with pytest.raises(GenzooError, match=r"^model\.pool=-1: an integer of at least 0 is needed\.$"):
        ImagePool((1, 1, 1), -1)
