"""Whether samples can be told from the data by a classifier (C2ST)."""

from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array
from sklearn.preprocessing import MaxAbsScaler
from torch import Tensor

from genzoo.core.batches import DataSpec
from genzoo.core.capabilities import Samples
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels, to_levels
from genzoo.core.randomness import derive_seed, generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.metrics.classifier_tests import held_out_test, neighbour_test
from genzoo.metrics.evaluation import Evaluation

STANDARD = 1000
LEAST = 4


@register
class TwoSample:
    """Two classifiers that tell samples from as many of a split's data: the nearest neighbour, and a linear one.

    Samples are rounded to the levels of the data. Each number is divided by its largest magnitude in both sets; tokens
    are one-hot, so that the squared distance of two sequences is twice the number of different tokens.

    Args:
        images: number of the split's data, chosen at random, and of samples; names end in ``_n<images>`` if it is not
            1,000. A smaller split is used as it is.
        permutations: draws of the nearest neighbour's null distribution.
        seed: seed of the chosen data, the samples, the permutations and the halves for the linear classifier.

    Raises:
        GenzooError: a number is too small.

    Source: Lopez-Paz and Oquab 2017, arXiv 1610.06545; the nearest neighbour's accuracy on each of both sets: Xu et al.
        2018, arXiv 1806.07755.
    """

    needs = frozenset({Samples})

    def __init__(self, images: int = STANDARD, permutations: int = 1000, seed: int = 0):
        for key, value, least in (("images", images, LEAST), ("permutations", permutations, 1)):
            if not isinstance(value, int) or value < least:
                raise GenzooError(f"metrics.two_sample.{key}={value}: an integer of at least {least} is needed.")
        self.images, self.permutations, self.seed = images, permutations, seed

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns, of the nearest neighbour, ``two_sample_neighbour``, its accuracy, ``_real``, that on the data,
        ``_generated``, that on the samples, and ``_p``, the p-value; of the linear classifier, ``two_sample_linear``
        and its ``_p``; of both, too, ``_floor``, their accuracy for training data instead of samples.

        Empty for a split of fewer than four.
        """
        own = self.chosen(data, split, self.images)
        n = len(own)
        if n < LEAST:
            return Evaluation()
        others = self.chosen(data, "train", n)
        made = module.sample(n, generator=generator(self.seed, "two_sample")).cpu()
        values = self.compared(own, made if data.spec.scaled is None else to_levels(made, data.spec.levels), data.spec)
        if (fewer := len(others)) >= LEAST:
            floor = self.compared(own[:fewer], others, data.spec)
            names = ("two_sample_neighbour", "two_sample_linear")
            values |= {f"{name}_floor": floor[name] for name in names}
        suffix = "" if self.images == STANDARD else f"_n{self.images}"
        protocol = {"data": n, "permutations": self.permutations, "seed": self.seed, "batch_norm": module.batch_norm}
        return Evaluation({f"{name}{suffix}": value for name, value in values.items()}, protocol=protocol)

    def chosen(self, data: SetData, split: str, n: int) -> Tensor:
        """Up to n of a split's data, at random: the order of some sets follows the classes."""
        found = data.evaluation_images(split).images
        order = torch.randperm(len(found), generator=generator(self.seed, "two_sample", split))
        return found[order[:n]]

    def compared(self, real: Tensor, others: Tensor, spec: DataSpec) -> dict[str, float]:
        """The values of two sets of n data of a kind, levels or tokens, as ``__call__`` names them."""
        n, x = len(real), points(torch.cat([real, others]), spec)
        randomness = np.random.default_rng(derive_seed(self.seed, "two_sample"))
        neighbour = neighbour_test(x, np.repeat([0, 1], n), randomness, self.permutations)
        linear = held_out_test(x, n, randomness)
        return {
            "two_sample_neighbour": neighbour.accuracy,
            "two_sample_neighbour_real": float(neighbour.right[neighbour.labels == 0].mean()),
            "two_sample_neighbour_generated": float(neighbour.right[neighbour.labels == 1].mean()),
            "two_sample_neighbour_p": neighbour.p,
            "two_sample_linear": linear.accuracy,
            "two_sample_linear_p": linear.p,
        }


def points(data: Tensor, spec: DataSpec) -> Any:
    """Data of a kind as points (N, d): an array of numbers up to 1 in magnitude, or a sparse one of one-hot tokens.

    >>> spec = DataSpec("letters", (1, 2), vocabulary=("", "a", "b"))
    >>> points(torch.tensor([[[1, 0]], [[2, 1]]]), spec).toarray()
    array([[0., 1., 0., 1., 0., 0.],
           [0., 0., 1., 0., 1., 0.]], dtype=float32)
    """
    if not spec.vocabulary:
        return MaxAbsScaler().fit_transform(from_levels(data, spec.scaled).flatten(1).double().numpy())
    tokens, words = data.flatten(1).long().numpy(), len(spec.vocabulary)
    n, length = tokens.shape
    columns = (tokens + words * np.arange(length)).flatten()
    ones = np.ones(n * length, np.float32)
    return csr_array((ones, (np.repeat(np.arange(n), length), columns)), shape=(n, length * words))
