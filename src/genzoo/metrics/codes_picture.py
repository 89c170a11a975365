"""A picture of the codes of images in the plane, beside the prior."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor, cat

from genzoo.core.capabilities import Embeds, Encodes
from genzoo.core.checks import check_positive
from genzoo.core.figures import as_picture
from genzoo.core.images import from_levels
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import evenly_spaced
from genzoo.metrics.evaluation import Evaluation

BINS = 120  # of the prior's density, on each side


@register
class CodesPicture:
    """The codes of images as points coloured by class, beside the density of draws from the prior, on the same axes.

    For models with codes, or representations of codes, of two numbers.

    Args:
        images: number of images, evenly spaced in the split.
        draws: number of draws from the prior.
        seed: of the draws.
        batch_size: images per pass.

    Raises:
        GenzooError: a number is not positive.

    Source: adversarial autoencoders (arXiv 1511.05644), figures 2 and 4.
    """

    needs = frozenset({Encodes})

    def __init__(self, images: int = 5000, draws: int = 50_000, seed: int = 0, batch_size: int = 500):
        for key, value in (("images", images), ("draws", draws), ("batch_size", batch_size)):
            check_positive(f"metrics.codes_picture.{key}", value)
        self.images, self.draws, self.seed, self.batch_size = images, draws, seed, batch_size

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns the picture ``codes``; none if the codes are not in the plane or the split is empty."""
        if module.latent.width != 2 and Embeds not in module.capabilities():
            return Evaluation()
        levels, labels, *_ = data.evaluation_images(split)
        levels, labels = evenly_spaced(levels, self.images), evenly_spaced(labels, self.images)
        drawn = self._points(module, module.latent.sample(self.draws, generator(self.seed, "codes"), module.device))
        if drawn.shape[1] != 2 or not len(levels):
            return Evaluation()
        batches = from_levels(levels, data.spec.levels).split(self.batch_size)
        found = cat([self._points(module, module.encode(batch.to(module.device))) for batch in batches])
        return Evaluation(pictures={"codes": codes_picture(found, labels, drawn)})

    def _points(self, module: RoundModule, codes: Tensor) -> Tensor:
        return (module.embed(codes) if Embeds in module.capabilities() else codes).cpu()


def codes_picture(found: Tensor, labels: Tensor, drawn: Tensor) -> Image.Image:
    """Draws codes of images on the left and the density of the prior on the right.

    Args:
        found: codes of images, (N, 2).
        labels: their classes, (N,); those of unknown class, -1, are grey.
        drawn: draws from the prior, (M, 2); the axes contain 99.9 % of them on each side.
    """
    extent = float(np.quantile(np.abs(drawn.numpy()), 0.999)) * 1.2
    figure = Figure(figsize=(10, 5.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for label in labels.unique().tolist():
        of_class = found[labels == label].numpy()
        colour = "grey" if label < 0 else matplotlib.colormaps["tab10" if labels.max() < 10 else "tab20"](label % 20)
        left.scatter(*of_class.T, s=4, linewidths=0, color=colour, label="unknown" if label < 0 else str(label))
    if len(labels.unique()) <= 20:
        left.legend(markerscale=3, fontsize=8, loc="upper right")
    right.hist2d(*drawn.numpy().T, bins=BINS, range=[[-extent, extent]] * 2, cmap="magma")
    for axes, title in ((left, f"codes of {len(found)} images, by class"), (right, "the prior")):
        axes.set(title=title, xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal")
    return as_picture(figure)
