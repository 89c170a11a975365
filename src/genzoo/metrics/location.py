"""Whether images show something where it was asked for."""

import torch
from torch import Tensor

from genzoo.core.capabilities import SamplesGiven
from genzoo.core.images import to_levels
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.data.readable import Located
from genzoo.metrics.batches import check_images
from genzoo.metrics.evaluation import Evaluation


@register
class Location:
    """The distance and the overlap of the boxes asked for and those of what images show, for sets with boxes.

    Each image of a split is asked for once, by all that it is asked for by; models without places do not see them.

    Args:
        images: number of images of the split, the first ones; None = all.
        seed: seed of the samples.

    Raises:
        GenzooError: the number is not a positive integer.
    """

    needs = frozenset({SamplesGiven})

    def __init__(self, images: int | None = None, seed: int = 0):
        check_images("location", images)
        self.images, self.seed = images, seed

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns ``location_error``, the mean distance of the boxes' centres in widths of the image; and
        ``location_overlap``, the mean intersection over union of both boxes; an empty image counts as 1 and 0.

        With ``_real``, of the split's own images; with ``_shuffled``, of images of other boxes (chance).
        """
        if not isinstance(data, Located) or not data.count(split):
            return Evaluation()
        found = data.split(split).at(slice(self.images))
        assert found.given is not None
        made = module.sample_given(found.given, generator(self.seed, "location")).cpu()
        asked, shown = found.given["box"], data.boxes(to_levels(made))
        compared = {"": shown, "_real": data.boxes(found.images), "_shuffled": shown.roll(1, 0)}
        values = {}
        for suffix, boxes in compared.items():
            values[f"location_error{suffix}"] = distance(asked, boxes).mean().item()
            values[f"location_overlap{suffix}"] = overlap(asked, boxes).mean().item()
        return Evaluation(values, {}, {"images": len(made), "seed": self.seed, "batch_norm": module.batch_norm})


def distance(asked: Tensor, shown: Tensor) -> Tensor:
    """Distances of the centres of boxes (n, 4), (n,); 1 of boxes that are not a number."""
    centres = [(boxes[:, :2] + boxes[:, 2:]) / 2 for boxes in (asked, shown)]
    return (centres[0] - centres[1]).norm(dim=1).nan_to_num(1.0)


def overlap(asked: Tensor, shown: Tensor) -> Tensor:
    """Intersections over unions of boxes (n, 4), (n,); 0 of boxes that are not a number.

    >>> overlap(torch.tensor([[0.0, 0.0, 0.5, 1.0]]), torch.tensor([[0.25, 0.0, 1.0, 1.0]]))
    tensor([0.2500])
    """
    low, high = torch.maximum(asked[:, :2], shown[:, :2]), torch.minimum(asked[:, 2:], shown[:, 2:])
    common = (high - low).clamp(min=0).prod(1)
    areas = sum((boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (asked, shown))
    return (common / (areas - common)).nan_to_num(0.0)
