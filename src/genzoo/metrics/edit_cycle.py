"""How well edits of attributes can be undone."""

from genzoo.core.capabilities import EditsAttributes
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import check_images
from genzoo.metrics.edited import edit_in_chunks, edits
from genzoo.metrics.evaluation import Evaluation


@register
class EditCycle:
    """The mean absolute difference, of values in [0, 1], of images and their edits there and back.

    An attribute is removed from images that have it and added again, or added to the others and removed again.

    Args:
        images: number of images of each edit, evenly spaced over those of the split; None = all.

    Raises:
        GenzooError: the number is not a positive integer.
    """

    needs = frozenset({EditsAttributes})

    def __init__(self, images: int | None = 1000):
        check_images("edit_cycle", images)
        self.images = images

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``edit_cycle``, the mean over all attributes and both orders, which the protocol lists."""
        found: dict[str, dict[str, float]] = {}
        for edit in edits(module, data, split, self.images):
            attribute = edit.labelled.attribute
            back = edit_in_chunks(module, edit.edited, attribute, 1 - edit.value)
            order = "added_first" if edit.value else "removed_first"
            found.setdefault(attribute, {})[order] = (back - edit.images).abs().mean().item() / 2
        means = [value for of_one in found.values() for value in of_one.values()]
        return Evaluation({"edit_cycle": sum(means) / len(means)} if means else {}, protocol=found)
