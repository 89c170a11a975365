import math

import pytest
import torch

from genzoo.nn.pooling import max_pooled


def pooled_by_loops(m, grid):
    """Cell (i, j) is the maximum over rows floor(i h / grid) to ceil((i + 1) h / grid), and columns likewise."""
    batch, channels, height, width = m.shape
    out = []
    for b in range(batch):
        for c in range(channels):
            for i in range(grid):
                for j in range(grid):
                    top, bottom = i * height // grid, math.ceil((i + 1) * height / grid)
                    left, right = j * width // grid, math.ceil((j + 1) * width / grid)
                    out.append(max(m[b, c, y, x] for y in range(top, bottom) for x in range(left, right)))
    return torch.tensor(out).view(batch, -1)


@pytest.mark.parametrize("grid", [4, 3])
@pytest.mark.parametrize("size", [(8, 8), (7, 7), (14, 6), (4, 4), (2, 3), (1, 1)])
def test_each_cell_is_the_largest_of_its_part_of_the_map(size, grid):
    m = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    assert torch.equal(max_pooled([m], grid), pooled_by_loops(m, grid))


def test_maps_of_several_sizes_are_joined_in_order():
    maps = [torch.randn(2, channels, size, size) for channels, size in ((3, 8), (5, 4), (2, 2))]
    found = max_pooled(maps)
    assert found.shape == (2, (3 + 5 + 2) * 16)
    assert torch.equal(found[:, :48], pooled_by_loops(maps[0], 4))
    assert torch.equal(found[:, 48:128], maps[1].flatten(1))  # 4 x 4 already
    assert torch.equal(found[:, 128:], maps[2].repeat_interleave(2, 2).repeat_interleave(2, 3).flatten(1))


def test_the_memory_format_makes_no_difference():
    m = torch.randn(2, 6, 7, 7)
    assert torch.equal(max_pooled([m.contiguous(memory_format=torch.channels_last)]), max_pooled([m]))
