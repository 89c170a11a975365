"""Solids with pictures of them."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.images import from_levels, to_levels
from genzoo.core.registry import register
from genzoo.core.view import TILT, TURN, view
from genzoo.data.solids import Solids

ENLARGEMENT = 4  #: pixels of a picture per cell


@register
class PicturedSolids(Solids):
    """Solids, each with its picture, by which it is asked for.

    A picture is levels, uint8 (1, 4 size, 4 size): the solid from the front, turned by 30° and tilted by 20°, lit from
    the viewer's upper right.

    Args:
        size: number of cells along each axis: 16, 32 or 64.
        options: of ``Solids``.

    Raises:
        GenzooError: a setting is out of range.

    Example:
        >>> PicturedSolids(n_train=8, n_validation=0, n_test=4).split("test").given["picture"].shape
        torch.Size([4, 1, 64, 64])
    """

    name = "pictured_solids"

    def __init__(self, size: int = 16, **options: Any):
        super().__init__(size, **options)
        pixels = ENLARGEMENT * size
        self.spec = self.spec._replace(given={"picture": (1, pixels, pixels)})

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits and their pictures."""
        splits = super().load().items()
        return {split: found._replace(given={"picture": pictures(found.images)}) for split, found in splits}


def pictures(volumes: Tensor) -> Tensor:
    """Pictures, levels, uint8 (N, 1, 4 size, 4 size), of volumes, levels 0 and 1, uint8 (N, 1, size, size, size)."""
    return to_levels(view(from_levels(volumes, 2), TURN, TILT, ENLARGEMENT * volumes.shape[-1]))
