"""The likelihood of single pixels, as pictures."""

import torch
from PIL import Image
from torch import Tensor

from genzoo.app.explored import Explored
from genzoo.app.shown import pictures
from genzoo.core.images import from_unit, to_levels


def maps(model: Explored, images: Tensor) -> list[tuple[Image.Image, str]]:
    """-log p of each pixel given the earlier ones, as pictures with the sum in nats; white is the largest value of all.

    Args:
        model: maps likelihoods.
        images: (N, C, H, W) in [-1, 1].
    """
    surprise = surprises(model, images)
    shades = from_unit(surprise / surprise.max().clamp(min=1e-12)).unsqueeze(1)
    sums = surprise.sum((1, 2)).tolist()
    return list(zip(pictures(shades, model.spec), (f"-log p = {nats:.1f} nats" for nats in sums), strict=True))


def surprises(model: Explored, images: Tensor) -> Tensor:
    """-log p of each pixel given the earlier ones in nats, (N, H, W), of images (N, C, H, W) in [-1, 1]."""
    levels = to_levels(images, model.spec.levels)
    return torch.cat([-model.module.log_prob_map(x.to(model.module.device)).float().cpu() for x in levels.split(10)])
