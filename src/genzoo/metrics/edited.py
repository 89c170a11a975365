"""Images of a split with an attribute added or removed."""

from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor

from genzoo.core.images import from_levels
from genzoo.core.rounds import RoundModule
from genzoo.data.attribute_labels import AttributeLabels
from genzoo.data.module import ImageData
from genzoo.metrics.batches import evenly_spaced, in_chunks


class Edit(NamedTuple):
    """Images before and after an edit.

    Args:
        labelled: the data, with the edited attribute as label.
        value: 1: the attribute was added; 0: it was removed.
        images: (N, C, H, W) in [-1, 1].
        edited: (N, C, H, W).
    """

    labelled: AttributeLabels
    value: int
    images: Tensor
    edited: Tensor


def edits(module: RoundModule, data: ImageData, split: str, images: int | None) -> Iterator[Edit]:
    """Adds each attribute to images without it, and removes it from those that have it; none for continuous data.

    Args:
        module: edits attributes.
        data: loaded; has the module's attributes.
        split: name of the split.
        images: number of images of each edit, evenly spaced over those; None = all.

    Raises:
        GenzooError: the data has not the attribute.
    """
    for attribute in module.attributes if data.spec.levels is not None else ():
        labelled = AttributeLabels(data, attribute)
        found = labelled.split(split)
        for value in (1, 0):
            levels = evenly_spaced(found.images[found.labels != value], images)
            if len(levels):
                x = from_levels(levels, data.spec.levels)
                yield Edit(labelled, value, x, edit_in_chunks(module, x, attribute, value))


def edit_in_chunks(module: RoundModule, images: Tensor, attribute: str, value: int) -> Tensor:
    """Images (N, C, H, W) with another value of an attribute, on the CPU."""
    return in_chunks(lambda x: module.edit(x, {attribute: value}), images, module.device)
