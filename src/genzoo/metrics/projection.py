"""Projection of images onto the images of a model."""

import math

import torch
from PIL import Image
from torch import Tensor

from genzoo.core.batches import Images
from genzoo.core.checks import check_positive
from genzoo.core.images import from_levels
from genzoo.core.latent_search import LatentSearch
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import check_images, evenly_spaced
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.scored import conditions, named
from genzoo.metrics.searched import search_all


@register
class Projections:
    """How near the images of a model come to given images: a latent search for each.

    Args:
        search: the latent search.
        images: number of images, evenly spaced over the split; None = all.
        batch_size: images that are searched for at once.
        columns: images in the picture.
        seed: seed of the starts.

    Raises:
        GenzooError: a setting is not a positive integer.

    Source: iGAN (Zhu et al. 2016, arXiv 1609.03552), section 3.1.
    """

    def __init__(
        self, search: LatentSearch, images: int | None = 100, batch_size: int = 100, columns: int = 10, seed: int = 0
    ):
        for key, value in (("batch_size", batch_size), ("columns", columns)):
            check_positive(f"metrics.projection.{key}", value)
        check_images("projection", images)
        self.search, self.images, self.batch_size = search, images, batch_size
        self.columns, self.seed, self.needs = columns, seed, search.needs | {Images}

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``projection_distance``, ``projection_psnr`` in dB, means over images, and a picture.

        The names end in ``_n<images>`` if the images are not the whole split.
        """
        if not data.count(split):
            return Evaluation()
        images = from_levels(evenly_spaced(data.evaluation_images(split).images, self.images), data.spec.levels)
        found = search_all(self.search, module, images, self.batch_size, generator(self.seed, "projection"))
        projections = module.decode(found.codes.to(module.device)).cpu()
        values = {
            "projection_distance": found.distances.mean().item(),
            "projection_psnr": psnr(images, projections).mean().item(),
        }
        protocol = {
            **self.search.protocol(),
            "seed": self.seed,
            **conditions(module, data, split, len(images), self.batch_size),
        }
        return Evaluation(
            named(values, data, split, len(images)), {"projection": self._sheet(images, projections)}, protocol
        )

    def _sheet(self, images: Tensor, projections: Tensor) -> Image.Image:
        """A row of images, one of their projections and one of the absolute differences: black = none."""
        rows = torch.stack([images, projections, (images - projections).abs() - 1])
        shown = rows[:, evenly_spaced(torch.arange(len(images)), self.columns)]
        return picture(shown.flatten(0, 1), shown.shape[1], ["image", "projection", "difference"])


def psnr(images: Tensor, others: Tensor) -> Tensor:
    """Returns the peak signal-to-noise ratio in dB of images in [-1, 1], (B,): 10 log₁₀(2² / mean squared difference).

    >>> psnr(torch.zeros(1, 1, 2, 2), torch.full((1, 1, 2, 2), 0.2)).item()
    20.0
    """
    error = (images - others).square().flatten(1).mean(1).clamp(min=1e-10)  # at most 106 dB
    return 10 * (math.log10(4) - error.log10())
