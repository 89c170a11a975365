"""Number of latent variables that a model uses."""

import torch
from torch import Tensor

from genzoo.core.capabilities import Encodes
from genzoo.core.checks import check_positive
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import check_images, equal_batches, evenly_spaced
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.scored import check_finite, named

THRESHOLD = 0.01  # the source found that this value separates used units from unused ones


class Variance:
    """Variance of each unit, accumulated over batches of rows: a ladder's codes of all images would fill the memory.

    >>> variance = Variance()
    >>> for row in ([0.0, 1.0], [0.5, 2.0]):
    ...     variance.add(torch.tensor([row]))
    >>> variance.value()
    tensor([0.0625, 0.2500], dtype=torch.float64)
    """

    rows = 0

    def add(self, batch: Tensor) -> None:
        """Adds rows (B, units)."""
        batch = batch.double()
        if not self.rows:  # sums of differences from the first row, for precision when the mean is large
            self.origin, self.total, self.squares = batch[0], torch.zeros_like(batch[0]), torch.zeros_like(batch[0])
        self.rows += len(batch)
        self.total += (batch - self.origin).sum(0)
        self.squares += (batch - self.origin).square().sum(0)

    def value(self) -> Tensor:
        """Returns the variances, float64 (units,)."""
        return self.squares / self.rows - (self.total / self.rows).square()


@register
class ActiveUnits:
    """Counts the latent units whose posterior mean varies over images; the others carry no information about the image.

    Args:
        images: number of images, evenly spaced over the split; None = all. If fewer than the split has, names end in
            ``_n<images>``.
        batch_size: images per pass.

    Raises:
        GenzooError: a setting is not a positive integer.

    Source: Burda et al. 2015, arXiv 1509.00519, section 5.2; yburda/iwae, iwae.py (on 500 training images).
    """

    needs = frozenset({Encodes})

    def __init__(self, images: int | None = None, batch_size: int = 100):
        check_positive("metrics.active_units.batch_size", batch_size)
        check_images("active_units", images)
        self.images, self.batch_size = images, batch_size

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``active_units``, the total, and ``active_units/<part>`` for each named part of the latent code.

        Raises:
            GenzooError: an image's code is not finite.
        """
        images = evenly_spaced(data.evaluation_images(split).images, self.images)
        if not len(images):
            return Evaluation()
        variance, sums = Variance(), []
        for batch in equal_batches(images, data.spec.levels, self.batch_size):
            means = module.encode(batch.to(module.device))[: len(images) - variance.rows].cpu()
            variance.add(means)
            sums.append(means.sum(1))
        check_finite("metrics.active_units", "the code", torch.cat(sums))
        parts = {name: int(units.sum()) for name, units in module.latent.split(variance.value() > THRESHOLD).items()}
        values = {"active_units": sum(parts.values())}
        values |= {f"active_units/{name}": number for name, number in parts.items()}
        protocol = {
            "images": len(images),
            "of_images": data.count(split),
            "units": module.latent.width,
            "threshold": THRESHOLD,
            "batch_size": self.batch_size,
            "averages": sorted(module.averages),
            "batch_norm": module.batch_norm,
        }
        return Evaluation(named(values, data, split, len(images)), protocol=protocol)
