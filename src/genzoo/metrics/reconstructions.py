"""Images and their reconstructions."""

import torch

from genzoo.core.batches import Shown
from genzoo.core.capabilities import Decodes, Encodes
from genzoo.core.checks import check_positive
from genzoo.core.images import from_levels
from genzoo.core.pictures import picture
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import evenly_spaced
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.show import show


@register
class Reconstructions:
    """Rows of images, each above a row of their reconstructions (the mean image of the mean code).

    The images are always the same, so that pictures of different rounds are comparable.

    Args:
        rows: number of pairs of rows.
        columns: images per row.

    Raises:
        GenzooError: a setting is not a positive integer.
    """

    needs = frozenset({Encodes, Decodes, Shown})

    def __init__(self, rows: int = 5, columns: int = 10):
        for key, value in (("rows", rows), ("columns", columns)):
            check_positive(f"metrics.reconstructions.{key}", value)
        self.rows, self.columns = rows, columns

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns the picture ``reconstructions``; no picture if the split is empty."""
        if not len(levels := data.evaluation_images(split).images):
            return Evaluation()
        columns = min(self.columns, len(levels))
        rows = min(self.rows, len(levels) // columns)
        images = from_levels(evenly_spaced(levels, rows * columns), data.spec.levels)
        decoded = module.decode(module.encode(images.to(module.device))).cpu()
        pairs = torch.stack([x.unflatten(0, (rows, columns)) for x in (images, decoded)], dim=1)
        sheet = picture(show(pairs.flatten(0, 2), data.spec), columns, ["image", "reconstruction"] * rows)
        return Evaluation(pictures={"reconstructions": sheet})
