"""A picture of edited attributes."""

import torch

from genzoo.core.batches import Images
from genzoo.core.capabilities import EditsAttributes
from genzoo.core.checks import check_positive
from genzoo.core.images import from_levels
from genzoo.core.pictures import picture_of_rows
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.attribute_labels import AttributeLabels
from genzoo.data.module import ImageData
from genzoo.metrics.batches import evenly_spaced
from genzoo.metrics.edited import edit_in_chunks
from genzoo.metrics.evaluation import Evaluation


@register
class AttributeStrips:
    """Rows of images, and of these without and with each attribute.

    Args:
        columns: number of images, half of them without the first attribute and half with it.

    Raises:
        GenzooError: the number is not a positive integer.
    """

    needs = frozenset({EditsAttributes, Images})

    def __init__(self, columns: int = 10):
        check_positive("metrics.attribute_strips.columns", columns)
        self.columns = columns

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns the picture ``attribute_strips``; nothing for an empty split."""
        if not data.count(split):
            return Evaluation()
        found = AttributeLabels(data, module.attributes[0]).split(split)
        halves = (self.columns - self.columns // 2, self.columns // 2)
        chosen = [evenly_spaced(found.images[found.labels == label], n) for label, n in enumerate(halves)]
        rows = {"image": from_levels(torch.cat(chosen), data.spec.levels)}
        for attribute in module.attributes:
            for value, name in enumerate((f"no {attribute}", attribute)):
                rows[name] = edit_in_chunks(module, rows["image"], attribute, value)
        return Evaluation(pictures={"attribute_strips": picture_of_rows(rows)})
