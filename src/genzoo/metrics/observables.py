"""Distances between the distributions of numbers that are computed of samples and of data."""

from collections.abc import Mapping

import torch
from scipy.stats import wasserstein_distance
from torch import Tensor

from genzoo.core.capabilities import Samples
from genzoo.core.images import from_levels
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.data.readable import Observable
from genzoo.metrics.batches import check_images
from genzoo.metrics.evaluation import Evaluation


@register
class Observables:
    """The Wasserstein-1 distance of each observable between samples and as many of a split's data.

    It is divided by the standard deviation of the data; an observable that is constant there keeps its own unit.
    The correlations of the observables are compared, too: by the Frobenius norm of the difference of the matrices.
    The floor is the same distance between the split's and as many training data.

    Args:
        images: number of the split's data, the first ones; None = all.
        seed: seed of the samples.

    Raises:
        GenzooError: the number is not a positive integer.
    """

    needs = frozenset({Samples})

    def __init__(self, images: int | None = None, seed: int = 0):
        check_images("observables", images)
        self.images, self.seed = images, seed

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns ``observables_<name>``, ``observables``, their mean, and ``observables_correlation``; each, too, with
        ``_floor``. Empty for data without observables, and for an empty split.
        """
        if not isinstance(data, Observable) or not data.count(split):
            return Evaluation()
        own = data.evaluation_images(split, self.images).images
        training = data.evaluation_images("train", len(own)).images
        real, others = (data.observables(from_levels(found, data.spec.levels)) for found in (own, training))
        made = data.observables(module.sample(len(own), generator=generator(self.seed, "observables")).cpu())
        floor = {f"{name}_floor": value for name, value in distances(others, real).items()}
        protocol = {"samples": len(own), "seed": self.seed, "batch_norm": module.batch_norm}
        return Evaluation({**distances(made, real), **floor}, protocol=protocol)


def distances(made: Mapping[str, Tensor], real: Mapping[str, Tensor]) -> dict[str, float]:
    """The distances of observables of two sets, (n,) and (m,) each, as ``Observables`` names them.

    >>> distances({"depth": torch.tensor([3.0, 5.0])}, {"depth": torch.tensor([1.0, 3.0])})["observables_depth"]
    1.41...
    """
    values = {}
    for name, of_real in real.items():
        scale = of_real.double().std().item() or 1.0
        values[f"observables_{name}"] = float(wasserstein_distance(made[name], of_real)) / scale
    values["observables"] = sum(values.values()) / len(values)
    difference = correlations(made) - correlations(real)
    return values | {"observables_correlation": torch.linalg.matrix_norm(difference).item()}


def correlations(values: Mapping[str, Tensor]) -> Tensor:
    """Correlations of K observables, (n,) each: float64 (K, K); those of a constant are 0."""
    centred = torch.stack([value.double() - value.double().mean() for value in values.values()])
    unit = centred / centred.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return unit @ unit.T
