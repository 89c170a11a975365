"""A picture of the layers of simulated and generated showers."""

import torch

from genzoo.core.batches import Showers
from genzoo.core.capabilities import SamplesGiven
from genzoo.core.checks import check_positive
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.metrics.cell_colours import FAINTEST, colours, tiles
from genzoo.metrics.evaluation import Evaluation


@register
class ShowerMaps:
    """Draws each layer of showers as a map of the logarithm of its energies: simulated ones above generated ones.

    Args:
        images: number of showers whose mean is the first of each row.
        columns: number of single showers in a row.
        seed: seed of the samples.

    Raises:
        GenzooError: a number is not a positive integer.
    """

    needs = frozenset({SamplesGiven, Showers})

    def __init__(self, images: int = 1000, columns: int = 4, seed: int = 0):
        check_positive("metrics.shower_maps.images", images)
        check_positive("metrics.shower_maps.columns", columns)
        self.images, self.columns, self.seed = images, columns, seed

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns the picture ``showers``; without one for an empty split."""
        if not data.count(split):
            return Evaluation()
        found = data.split(split).at(slice(self.images))
        assert found.given is not None
        assert data.spec.parts is not None
        made = module.sample_given(found.given, generator(self.seed, "shower_maps")).cpu()
        rows = [torch.cat([x.mean(0, keepdim=True), x[: self.columns]]) for x in (found.images, made)]
        layers = data.spec.parts.shapes
        names = ["mean", *(f"{energy:.0f} GeV" for energy in found.given["energy"][: self.columns, 0].tolist())]
        captions = [f"{name}, {layer}" for name in names for layer in layers] * len(rows)
        brightest = max(rows[0].max().item(), 2 * FAINTEST)
        images = colours(tiles(torch.cat(rows), data.spec.parts), brightest)
        return Evaluation(
            pictures={"showers": picture(images, len(names) * len(layers), ["simulated", "generated"], captions)}
        )
