"""A picture of the layers of simulated and generated showers."""

import torch
from matplotlib import colormaps
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.batches import Showers
from genzoo.core.capabilities import SamplesGiven
from genzoo.core.checks import check_positive
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.metrics.evaluation import Evaluation

SIZE = 96  #: of a layer in pixels
FAINTEST = 1e-3  #: GeV; cells with less energy are black


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
        layers = data.spec.parts.split(torch.cat(rows))
        tiles = torch.stack([F.interpolate(layer[:, None], (SIZE, SIZE)) for layer in layers.values()], 1)
        names = ["mean", *(f"{energy:.0f} GeV" for energy in found.given["energy"][: self.columns, 0].tolist())]
        captions = [f"{name}, {layer}" for name in names for layer in layers] * len(rows)
        brightest = max(rows[0].max().item(), 2 * FAINTEST)
        images = colours(tiles.flatten(0, 1), brightest)
        return Evaluation(
            pictures={"showers": picture(images, len(names) * len(layers), ["simulated", "generated"], captions)}
        )


def colours(energies: Tensor, brightest: float) -> Tensor:
    """Images (B, 3, H, W) in [-1, 1] of energies in GeV, (B, 1, H, W).

    Args:
        energies: of the cells.
        brightest: energy of the brightest colour.
    """
    exponents = (energies.clamp(FAINTEST, brightest) / FAINTEST).log()
    share = exponents / exponents.new_tensor(brightest / FAINTEST).log()
    red_green_blue = torch.from_numpy(colormaps["inferno"](share.squeeze(1).numpy())[..., :3])
    return 2 * red_green_blue.movedim(-1, 1).float() - 1
