"""Errors of translations against the partners of the translated images."""

from genzoo.core.capabilities import Translates
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.two_domains import TwoDomainData
from genzoo.metrics.batches import check_images
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.image_errors import image_errors
from genzoo.metrics.translated import translated


@register
class Paired:
    """The absolute error, the peak signal-to-noise ratio and the structural similarity of translations.

    Args:
        images: number of images of each domain, evenly spaced over the split; None = all.

    Raises:
        GenzooError: the number is not a positive integer.
    """

    needs = frozenset({Translates})

    def __init__(self, images: int | None = 1000):
        check_images("paired", images)
        self.images = images

    def __call__(self, module: RoundModule, data: TwoDomainData, split: str) -> Evaluation:
        """Returns ``l1_ab``, ``psnr_ab`` and ``ssim_ab``, and ``_ba``; nothing where the split has no pairs."""
        if not data.are_partners(split):
            return Evaluation()
        values, count = {}, 0
        for found in translated(module, data, split, self.images):
            assert found.partners is not None
            errors, count = image_errors(found.translated, found.partners), len(found.images)
            values.update({f"{name}_{found.name}": value for name, value in errors.items()})
        return Evaluation(values, protocol={"images": count, "batch_norm": module.batch_norm})
