"""Whether each factor of the data is encoded by one code variable and no other."""

import numpy as np
import torch

from genzoo.core.capabilities import InfersCodes
from genzoo.core.checks import check_positive
from genzoo.core.latent import Categorical
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import equal_batches
from genzoo.metrics.codes import contingency
from genzoo.metrics.evaluation import Evaluation

STANDARD = 10_000  # images; names of values measured on another number end in it


def discretised(values: np.ndarray, bins: int) -> np.ndarray:
    """Returns the bin index of each value (N,), for ``bins`` equally wide bins from the smallest to the largest value.

    >>> discretised(np.array([0.0, 1.0, 2.4, 2.6, 5.0]), bins=5)
    array([0, 1, 2, 2, 4])
    """
    edges = np.histogram_bin_edges(values, bins)
    return np.digitize(values, edges[1:-1])


def mutual_information(a: np.ndarray, b: np.ndarray) -> float:
    """I(a; b) in nats of non-negative integers (N,), from their frequencies; I(a; a) is the entropy of a.

    >>> round(mutual_information(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0])), 4)  # log 2
    0.6931
    """
    joint = contingency(a, b, a.max() + 1, b.max() + 1) / len(a)
    independent = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / independent[seen])).sum())


@register
class MutualInformationGap:
    """I(factor; best code) - I(factor; second best code), divided by the entropy of the factor.

    A categorical code is one variable: its most likely category. A continuous code has one variable per dimension: its
    mean. Continuous variables and factors are discretised into equally wide bins; mutual information is computed from
    the frequencies.

    Args:
        limit: maximum number of images; None = all of the split. The estimate is
            biased upwards for few images, so with a number other than 10,000 names end in ``_n<images>``.
        bins: number of bins per continuous code and per factor.
        batch_size: images per pass; with batch statistics, part of the protocol.

    Source: Chen et al. 2018, arXiv 1802.04942, section 4; the estimate is that of disentanglement_lib
    (google-research), evaluation/metrics/mig.py, which uses bins where the paper integrates over the posterior.
    """

    needs = frozenset({InfersCodes})

    def __init__(self, limit: int | None = STANDARD, bins: int = 20, batch_size: int = 128):
        for key, value in (("limit", limit), ("bins", bins), ("batch_size", batch_size)):
            if (key, value) != ("limit", None):
                check_positive(f"metrics.mig.{key}", value)
        self.limit, self.bins, self.batch_size = limit, bins, batch_size

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``mig_<factor>`` for each factor that varies, and their mean ``mig``."""
        levels, _, factors, *_ = data.evaluation_images(split, self.limit)
        if factors is None or len(levels) < 2:
            return Evaluation()
        codes = self._codes(module, levels, data.spec.levels)
        gaps = {}
        for name, values in zip(data.spec.factors, factors.T.numpy(), strict=True):
            factor = discretised(values, self.bins)
            if not (entropy := mutual_information(factor, factor)):
                continue  # a constant factor
            # If there is one code only, the second best has no information.
            second, best = sorted([0.0, *(mutual_information(code, factor) for code in codes)])[-2:]
            gaps[name] = (best - second) / entropy
        if not gaps:
            return Evaluation()
        suffix = "" if len(levels) == STANDARD else f"_n{len(levels)}"
        values = {f"mig{suffix}": np.mean(list(gaps.values()))}
        values |= {f"mig_{name}{suffix}": gap for name, gap in gaps.items()}
        protocol = {
            "images": len(levels),
            "bins": self.bins,
            "estimator": "frequencies",
            "code_variables": len(codes),
            "batch_size": self.batch_size,
            "batch_norm": module.batch_norm,
        }
        return Evaluation(values, protocol=protocol)

    def _codes(self, module: RoundModule, levels: torch.Tensor, n: int | None) -> list[np.ndarray]:
        """Returns the code variables, integers (N,) each."""
        batches = [module.infer_codes(x.to(module.device)) for x in equal_batches(levels, n, self.batch_size)]
        variables = []
        for name in batches[0]:
            mean = torch.cat([batch[name] for batch in batches])[: len(levels)].cpu()
            if isinstance(module.latent.parts[name], Categorical):
                variables.append(mean.argmax(1).numpy())
            else:
                variables += [discretised(dimension, self.bins) for dimension in mean.T.numpy()]
        return variables
