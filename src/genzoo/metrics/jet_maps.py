"""A picture of simulated and generated jets by class, and of the difference of both classes."""

import torch

from genzoo.core.batches import Showers
from genzoo.core.capabilities import SamplesClasses
from genzoo.core.checks import check_positive
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.metrics.cell_colours import FAINTEST, colours, signed_colours, tiles
from genzoo.metrics.evaluation import Evaluation


@register
class JetMaps:
    """Draws jets of two classes, simulated ones above generated ones: of each class the mean and single jets as maps of
    the logarithm, and the mean of class 1 less that of class 0.

    Args:
        images: number of jets, whose means are drawn.
        columns: number of single jets of each class in a row.
        seed: seed of the samples.

    Raises:
        GenzooError: a number is not a positive integer.
    """

    needs = frozenset({SamplesClasses, Showers})

    def __init__(self, images: int = 1000, columns: int = 3, seed: int = 0):
        check_positive("metrics.jet_maps.images", images)
        check_positive("metrics.jet_maps.columns", columns)
        self.images, self.columns, self.seed = images, columns, seed

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns the picture ``jets``; without one for a split without jets of both classes."""
        found, parts = data.split(split).at(slice(self.images)), data.spec.parts
        assert parts is not None
        if found.labels.unique().tolist() != [0, 1]:
            return Evaluation()
        made = module.sample(len(found.labels), found.labels, generator(self.seed, "jet_maps")).cpu()
        of_classes = [[x[found.labels == label] for label in (0, 1)] for x in (found.images, made)]
        means = torch.stack([torch.stack([of.mean(0) for of in row]) for row in of_classes])  # (rows, classes, cells)
        differences = means[:, 1] - means[:, 0]
        brightest = max(means[0].max().item(), 2 * FAINTEST)
        most = max(differences[0].abs().max().item(), FAINTEST)
        images, captions = [], []
        for row, mean, difference in zip(of_classes, means, differences, strict=True):
            for label, jets in enumerate(row):
                chosen = torch.cat([mean[label : label + 1], jets[: self.columns]])
                images.append(colours(tiles(chosen, parts), brightest))
                captions += [f"class {label}, {name}" for name in ("mean", *range(1, len(chosen)))]
            images.append(signed_colours(tiles(difference[None], parts), most))
            captions.append("class 1 - class 0")
        names = ["simulated", "generated"]
        return Evaluation(pictures={"jets": picture(torch.cat(images), len(captions) // len(names), names, captions)})
