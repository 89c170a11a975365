"""Restored images against the originals."""

from torch.nn import functional as F

from genzoo.core.batches import Images
from genzoo.core.capabilities import Restores
from genzoo.core.checks import check_positive
from genzoo.core.images import from_levels
from genzoo.core.pictures import picture_of_rows
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import check_images, evenly_spaced, in_chunks
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.image_errors import image_errors


@register
class Restoration:
    """Errors of restored images and, where they have the size of images, of the observations themselves.

    Args:
        images: number of images, evenly spaced over the split; None = all.
        columns: number of images in the picture, the first ones.
        seed: seed of the degradation.

    Raises:
        GenzooError: a number is not a positive integer.
    """

    needs = frozenset({Restores, Images})

    def __init__(self, images: int | None = 1000, columns: int = 10, seed: int = 0):
        check_images("restoration", images)
        check_positive("metrics.restoration.columns", columns)
        self.images, self.columns, self.seed = images, columns, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``l1``, ``psnr``, ``ssim``, the same with ``_observed``, and the picture ``restorations``."""
        if not data.count(split):
            return Evaluation()
        # Degrade and restore the images, with one stream of random numbers over all calls.
        levels = evenly_spaced(data.evaluation_images(split).images, self.images)
        images, noise = from_levels(levels, data.spec.levels), generator(self.seed, "restoration")
        observed = in_chunks(lambda x: module.degrade(x, noise), images, module.device)
        restored = in_chunks(lambda x: module.restore(x, noise), observed, module.device)
        # Compare both with the originals.
        values = image_errors(restored, images)
        if observed.shape == images.shape:
            values |= {f"{name}_observed": value for name, value in image_errors(observed, images).items()}
        rows = {"observed": observed, "restored": restored, "original": images}
        size = list(images.shape[2:])
        sheet = picture_of_rows({name: F.interpolate(x[: self.columns], size) for name, x in rows.items()})
        protocol = {"images": len(images), "seed": self.seed, "batch_norm": module.batch_norm}
        return Evaluation(values, {"restorations": sheet}, protocol)
