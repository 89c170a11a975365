"""Whether images keep the style of others."""

import torch
from torch import Tensor

from genzoo.core.capabilities import TransfersStyle
from genzoo.core.checks import check_positive
from genzoo.core.images import from_levels
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.metrics.batches import check_images
from genzoo.metrics.evaluation import Evaluation


@register
class Styles:
    """The distance of generated images from those of the same captions in their style, and captions in several styles.

    Args:
        images: number of images of the split whose captions are used, the first ones; None = all.
        rows, columns: images whose styles the picture shows, and captions.
        seed: seed of the generated images.

    Raises:
        GenzooError: a number is not a positive integer.
    """

    needs = frozenset({TransfersStyle})

    def __init__(self, images: int | None = 1000, rows: int = 6, columns: int = 8, seed: int = 0):
        check_images("styles", images)
        check_positive("metrics.styles.rows", rows)
        check_positive("metrics.styles.columns", columns)
        self.images, self.rows, self.columns, self.seed = images, rows, columns, seed

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns ``style_distance``, the mean over images of the root of the mean squared difference, in levels of
        255; with ``_shuffled``, in the style of another image (chance); and the picture ``styles``.

        In the picture, each row is in the style of its first image, an image of the split; each column has a caption.
        """
        found = data.evaluation_images(split, self.images)
        if not len(found.images):
            return Evaluation()
        given = {"caption": found.given["caption"][:, :1]}
        made = module.sample_given(given, generator(self.seed, "styles"))
        values = {
            "style_distance": _distance(made, module.sample_like(made, given)),
            "style_distance_shuffled": _distance(made, module.sample_like(made.roll(1, 0), given)),
        }
        # Each style with each caption, behind the image that the style is of.
        images = data.evaluation_images(split, self.rows).images
        shown = from_levels(images, data.spec.levels).to(made)
        captions = given["caption"][: self.columns]
        styles = shown.repeat_interleave(len(captions), 0)
        drawn = module.sample_like(styles, {"caption": captions.repeat(len(shown), 1, 1)})
        rows = torch.cat([shown[:, None], drawn.unflatten(0, (len(shown), len(captions)))], 1)
        protocol = {"images": len(made), "seed": self.seed, "batch_norm": module.batch_norm}
        names = ["style", *(f"caption {i + 1}" for i in range(len(captions)))]
        sheet = picture(rows.flatten(0, 1), len(names), column_names=names)
        return Evaluation(values, {"styles": sheet}, protocol)


def _distance(images: Tensor, others: Tensor) -> float:
    return 127.5 * (images - others).square().flatten(1).mean(1).sqrt().mean().item()
