"""The contribution of each pixel to -log p(x)."""

import torch

from genzoo.core.batches import Images
from genzoo.core.capabilities import MapsLikelihood
from genzoo.core.checks import check_positive
from genzoo.core.images import from_levels, from_unit
from genzoo.core.pictures import picture
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import evenly_spaced
from genzoo.metrics.evaluation import Evaluation


@register
class LikelihoodMap:
    """Shows -log p of each pixel given the previous pixels, below the image; white is the largest value of all images.

    Args:
        images: number of images, evenly spaced over the split.

    Raises:
        GenzooError: it is not a positive integer.
    """

    needs = frozenset({MapsLikelihood, Images})

    def __init__(self, images: int = 10):
        check_positive("metrics.likelihood_map.images", images)
        self.images = images

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """The picture ``likelihood_map``; captions give -log p of the image and its largest -log p of a pixel."""
        if not data.count(split):
            return Evaluation()
        levels = evenly_spaced(data.evaluation_images(split).images, self.images)
        surprise = -module.log_prob_map(levels.to(module.device)).float().cpu()
        images = from_levels(levels, data.spec.levels)
        shades = from_unit(surprise / surprise.max()).unsqueeze(1).expand_as(images)
        captions = [f"{nats:.4g}" for nats in surprise.sum((1, 2)).tolist()]
        captions += [f"{nats:.3g}" for nats in surprise.amax((1, 2)).tolist()]
        sheet = picture(torch.cat([images, shades]), len(images), ["image", "-log p"], captions)
        return Evaluation(pictures={"likelihood_map": sheet})
