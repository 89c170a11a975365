"""Translations into label maps, by the classes of their pixels."""

from genzoo.core.capabilities import Translates
from genzoo.core.images import to_levels
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.two_domains import TwoDomainData
from genzoo.metrics.batches import check_images
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.label_maps import classes_of, scores
from genzoo.metrics.translated import translated


@register
class Segmentation:
    """Accuracies and intersection over union of the classes of pixels, for translations into a domain of label maps.

    A pixel has the class of the nearest colour of the data's palette.

    Args:
        images: number of images of each domain, evenly spaced over the split; None = all.

    Raises:
        GenzooError: the number is not a positive integer.

    Source: Isola et al. 2017, arXiv 1611.07004, section 4.1 (there, from photographs to labels of Cityscapes).
    """

    needs = frozenset({Translates})

    def __init__(self, images: int | None = None):
        check_images("segmentation", images)
        self.images = images

    def __call__(self, module: RoundModule, data: TwoDomainData, split: str) -> Evaluation:
        """Returns ``pixel_accuracy_ab``, ``class_accuracy_ab``, ``class_iou_ab``, ``_ba``; nothing without pairs."""
        if not data.palettes or not data.are_partners(split):
            return Evaluation()
        values, protocol = {}, {}
        for found in translated(module, data, split, self.images):
            if (palette := data.palettes.get(found.domains[1])) is None:
                continue
            assert found.partners is not None
            made, wanted = (classes_of(to_levels(x), palette) for x in (found.translated, found.partners))
            values.update({f"{name}_{found.name}": value for name, value in scores(made, wanted, len(palette)).items()})
            protocol[found.name] = {"images": len(made), "classes": len(palette)}
        return Evaluation(values, protocol=protocol)
