"""Pooling of feature maps."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional as F


def max_pooled(maps: Iterable[Tensor], grid: int = 4) -> Tensor:
    """Max-pools each feature map to a spatial grid, flattens and concatenates them: (B, F).

    If a map's size is not a multiple of the grid's, cells overlap by a row or column; a smaller map is repeated.

    Args:
        maps: each (B, c, h, w), or (B, c, d, h, w) of volumes.
        grid: size of the grid along each axis, in cells.

    Source: DCGAN (arXiv 1511.06434), section 5.1.

    >>> max_pooled([torch.zeros(2, 8, 14, 14), torch.zeros(2, 16, 7, 7)]).shape  # (8 + 16) x 4 x 4
    torch.Size([2, 384])
    """
    pools = {4: F.adaptive_max_pool2d, 5: F.adaptive_max_pool3d}
    return torch.cat([pools[m.dim()](m, grid).flatten(1) for m in maps], dim=1)
