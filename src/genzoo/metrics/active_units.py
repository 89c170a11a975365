"""How many latent variables a model uses."""

import torch
from torch import Tensor

from genzoo.core.capabilities import Encodes
from genzoo.core.checks import check_positive
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import equal_batches, evenly_spaced
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.scored import check_finite, named

THRESHOLD = 0.01  # where the source found the variances of used and unused units to lie apart


def active(means: Tensor) -> Tensor:
    """Whether Var_x(E_q(u|x)[u]) > 0.01, of each unit u.

    Args:
        means: of the posterior, a row an image, (N, units).

    Returns:
        bool (units,).

    >>> active(torch.tensor([[0.0, 1.0], [0.1, 1.5]]))  # variances 0.0025 and 0.0625
    tensor([False,  True])
    """
    return means.var(0, correction=0) > THRESHOLD


@register
class ActiveUnits:
    """Counts the latent units whose posterior mean varies over images; the others carry nothing of an image.

    Args:
        images: so many, evenly spaced over the split; None = all. Of fewer than there are, names end in ``_n<images>``.
        batch_size: images a pass.

    Raises:
        GenzooError: a setting is no positive integer.

    Source: Burda et al. 2015, arXiv 1509.00519, section 5.2; yburda/iwae, iwae.py (on 500 training images).
    """

    needs = frozenset({Encodes})

    def __init__(self, images: int | None = None, batch_size: int = 100):
        check_positive("metrics.active_units.batch_size", batch_size)
        if images is not None:
            check_positive("metrics.active_units.images", images)
        self.images, self.batch_size = images, batch_size

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """``active_units`` in all, and ``active_units/<part>`` of each named part of the latent code.

        Raises:
            GenzooError: an image's code is not finite.
        """
        images = evenly_spaced(data.evaluation_images(split).images, self.images)
        if not len(images):
            return Evaluation()
        batches = equal_batches(images, data.spec.levels, self.batch_size)
        means = torch.cat([module.encode(batch.to(module.device)).cpu() for batch in batches])[: len(images)]
        check_finite("metrics.active_units", "the code", means.sum(1))
        parts = {name: int(units.sum()) for name, units in module.latent.split(active(means)).items()}
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
