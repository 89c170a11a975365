"""How much volumes of pictures overlap with the solids in the pictures."""

from torch import Tensor
from torch.nn import functional as F

from genzoo.core.batches import Volumes
from genzoo.core.capabilities import SamplesGiven
from genzoo.core.checks import check_positive
from genzoo.core.images import from_levels
from genzoo.core.pictures import picture_of_rows
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.metrics.batches import check_images
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.show import PIXELS, show


@register
class Overlap:
    """The intersection over union of the occupied cells of a split's volumes and of those drawn of their pictures.

    Args:
        images: number of volumes of the split, the first ones; None = all.
        columns: number of volumes in the picture, the first ones.
        seed: seed of the samples.

    Raises:
        GenzooError: a number is not a positive integer.
    """

    needs = frozenset({SamplesGiven, Volumes})

    def __init__(self, images: int | None = None, columns: int = 10, seed: int = 0):
        check_images("overlap", images)
        check_positive("metrics.overlap.columns", columns)
        self.images, self.columns, self.seed = images, columns, seed

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns ``iou``, the mean, ``iou_shuffled``, of volumes of another picture, and the picture ``rebuilt``.

        Empty for an empty split.
        """
        if not data.count(split):
            return Evaluation()
        found = data.split(split).at(slice(self.images))
        assert found.given is not None
        volumes = from_levels(found.images, data.spec.levels)
        made = module.sample_given(found.given, generator(self.seed, "overlap")).cpu()
        values = {"iou": iou(made, volumes).mean().item(), "iou_shuffled": iou(made.roll(1, 0), volumes).mean().item()}

        rows = {name: show(x[: self.columns], data.spec) for name, x in (("rebuilt", made), ("solid", volumes))}
        pictures = F.interpolate(from_levels(found.given["picture"][: self.columns]), PIXELS)
        sheet = picture_of_rows({"picture": pictures, **rows})
        protocol = {"volumes": len(made), "seed": self.seed, "batch_norm": module.batch_norm}
        return Evaluation(values, {"rebuilt": sheet}, protocol)


def iou(a: Tensor, b: Tensor) -> Tensor:
    """The intersection over union of the occupied cells, those above 0, of volumes (N, 1, D, H, W): (N,).

    Of two empty volumes it is 1.
    """
    a, b = a.flatten(1) > 0, b.flatten(1) > 0
    union = (a | b).sum(1)
    return ((a & b).sum(1) / union.clamp(min=1)).where(union > 0, 1.0)
