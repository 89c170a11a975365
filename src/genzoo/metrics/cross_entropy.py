"""Restored points under the known density of the data."""

from typing import Protocol, runtime_checkable

from torch import Tensor

from genzoo.core.capabilities import Restores
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import check_images, evenly_spaced
from genzoo.metrics.evaluation import Evaluation


@runtime_checkable
class KnownDensity(Protocol):
    """Points whose density is known. Lengths are in the source's units; models are trained on points / ``extent``."""

    extent: float

    def log_density(self, points: Tensor) -> Tensor:
        """log p of points (n, 2), in nats, (n,)."""
        ...


@register
class CrossEntropy:
    """The cross-entropy H[q, p] = -E_q log p of restored points, and their disagreement with the observations.

    Args:
        images: number of points, evenly spaced over the split; None = all.

    Raises:
        GenzooError: the number is not a positive integer.

    Source: Sønderby et al. 2017, arXiv 1610.04490, section 5.
    """

    needs = frozenset({Restores})

    def __init__(self, images: int | None = None):
        check_images("cross_entropy", images)
        self.images = images

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``cross_entropy`` in nats, ``entropy``, the same of the points, and ``disagreement``.

        The last is the mean squared difference between observations x and those of the restored points, in the data's
        units. Empty for data of unknown density.
        """
        if not isinstance(data, KnownDensity):
            return Evaluation()
        points = evenly_spaced(data.split(split).images, self.images).to(module.device)
        noise = generator(0, "cross_entropy")
        observed = module.degrade(points, noise)
        restored = module.restore(observed, noise)
        difference = (module.degrade(restored, noise) - observed) * data.extent
        values = {
            "cross_entropy": _cross_entropy(data, restored),
            "entropy": _cross_entropy(data, points),
            "disagreement": difference.square().mean().item(),
        }
        return Evaluation(values, {}, {"images": len(points)})


def _cross_entropy(data: KnownDensity, points: Tensor) -> float:
    return -data.log_density(points.flatten(1).double().cpu() * data.extent).mean().item()
