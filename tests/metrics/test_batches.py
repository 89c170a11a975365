import pytest
import torch

from genzoo.metrics.batches import equal_batches

LEVELS = torch.arange(0, 250, 25, dtype=torch.uint8).view(10, 1, 1, 1)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 10, 23])
def test_batches_are_of_one_size_and_begin_anew_at_the_end(batch_size):
    batches = list(equal_batches(LEVELS, 256, batch_size))
    assert [len(batch) for batch in batches] == [batch_size] * -(-10 // batch_size)
    whole = torch.cat(batches).flatten()
    assert torch.allclose(whole, torch.tensor([25 * (i % 10) / 127.5 - 1 for i in range(len(whole))]), atol=1e-6)


def test_the_number_of_levels_sets_the_range():
    (images,) = equal_batches(torch.tensor([0, 1], dtype=torch.uint8).view(2, 1, 1, 1), 2, batch_size=2)
    assert images.flatten().tolist() == [-1, 1]


def test_no_images_make_no_batch():
    assert list(equal_batches(LEVELS[:0], 256, 4)) == []
