"""Completion of images whose lower half is missing."""

import torch
from torch import Generator, Tensor

from genzoo.core.batches import Images
from genzoo.core.capabilities import Completes
from genzoo.core.checks import check_positive
from genzoo.core.images import from_levels
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import evenly_spaced
from genzoo.metrics.evaluation import Evaluation


@register
class Completions:
    """Shows images, the same images without the pixels that the model typically fills in, and its completions.

    Args:
        images: number of images, one per row, evenly spaced over the split.
        completions: number of completions per image.
        seed: seed of the completions.

    Raises:
        GenzooError: a setting is not a positive integer.

    Source: van den Oord et al. 2016, arXiv 1601.06759, figure 1.
    """

    name = "completion"
    needs = frozenset({Completes, Images})

    def __init__(self, images: int = 8, completions: int = 6, seed: int = 0):
        check_positive(f"metrics.{self.name}.images", images)
        check_positive(f"metrics.{self.name}.completions", completions)
        self.images, self.completions, self.seed = images, completions, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns a picture of the metric's name; missing pixels are grey."""
        if not data.count(split):
            return Evaluation()
        images = from_levels(evenly_spaced(data.evaluation_images(split).images, self.images), data.spec.levels)
        given = self.given(module, images).cpu().expand(len(images), 1, -1, -1)
        left = images.where(given, 0.0)
        copies = (x.repeat_interleave(self.completions, dim=0).to(module.device) for x in (left, given))
        drawn = self.complete(module, *copies, generator(self.seed, "completion")).cpu()
        rows = torch.cat([images[:, None], left[:, None], drawn.unflatten(0, (len(images), -1))], dim=1)
        names = ["image", "given", *(f"completion {i + 1}" for i in range(self.completions))]
        return Evaluation(pictures={self.name: picture(rows.flatten(0, 1), len(names), column_names=names)})

    def given(self, module: RoundModule, images: Tensor) -> Tensor:
        """The mask (1, H, W) of the given pixels."""
        return module.typical_mask

    def complete(self, module: RoundModule, images: Tensor, mask: Tensor, generator: Generator) -> Tensor:
        """Images (B, C, H, W) whose pixels outside the mask (B, 1, H, W) are filled in."""
        return module.complete(images, mask, generator)
