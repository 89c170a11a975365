"""How well translations can be translated back."""

from functools import partial

from genzoo.core.capabilities import Translates
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.two_domains import TwoDomainData
from genzoo.metrics.batches import check_images, in_chunks
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.translated import translated


@register
class Cycle:
    """The mean absolute difference, of values in [0, 1], of images and their translations there and back.

    Args:
        images: number of images of each domain, evenly spaced over the split; None = all.

    Raises:
        GenzooError: the number is not a positive integer.

    Source: Zhu et al. 2017, arXiv 1703.10593, equation 2.
    """

    needs = frozenset({Translates})

    def __init__(self, images: int | None = 1000):
        check_images("cycle", images)
        self.images = images

    def __call__(self, module: RoundModule, data: TwoDomainData, split: str) -> Evaluation:
        """Returns ``cycle_ab`` (of images of A) and ``cycle_ba``; nothing for a model of one direction."""
        values = {}
        for found in translated(module, data, split, self.images):
            if found.back not in module.directions:
                continue
            source, target = found.back
            translate = partial(module.translate, source=source, target=target)
            rebuilt = in_chunks(translate, found.translated, module.device)
            values[f"cycle_{found.name}"] = (rebuilt - found.images).abs().mean().item() / 2
        return Evaluation(values)
