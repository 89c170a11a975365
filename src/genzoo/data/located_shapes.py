"""Images of shapes with sentences about them, and where each shape is."""

import torch
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.registry import register
from genzoo.data.captioned_shapes import CaptionedShapes
from genzoo.data.shape_outlines import extreme_points
from genzoo.data.shape_reader import boxes_of

POINTS = ("centre", "left", "right", "top", "bottom")  #: key points: the centre and the extreme points


@register
class LocatedShapes(CaptionedShapes):
    """Captioned shapes that are also asked for by their box, (4,), and their key points, (5, 3).

    A box is its left, upper, right and lower edge, a key point (see ``POINTS``) its place from the left and from the
    top, in widths of the image, and whether it is to be seen, 1 or 0.

    Args:
        options: of ``CaptionedShapes``; images and captions are the same.
    """

    name = "located_shapes"

    def __init__(self, *args: object, **options: object):
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.spec = self.spec._replace(given={**self.spec.given, "box": (4,), "points": (len(POINTS), 3)})

    def given(self, images: ImageSet, split: str) -> dict[str, Tensor]:
        """What images are asked for by: captions, boxes, key points."""
        factors = images.factors
        assert factors is not None
        extremes = extreme_points(factors)
        left, right, top, bottom = extremes.unbind(1)
        box = torch.stack([left[:, 0], top[:, 1], right[:, 0], bottom[:, 1]], 1)
        points = torch.cat([factors[:, None, 3:5], extremes], 1)
        seen = torch.cat([points, torch.ones(len(points), len(POINTS), 1)], 2)
        return {**super().given(images, split), "box": box, "points": seen}

    def boxes(self, images: Tensor) -> Tensor:
        """The boxes (n, 4) that images, levels, uint8 (n, 3, H, W), show; not a number where there is nothing."""
        return boxes_of(images)
