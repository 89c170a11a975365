"""Coverage: the share of the data in the region that holds 95 % of a model's samples."""

import torch
from torch import Tensor

from genzoo.core.capabilities import Samples
from genzoo.core.checks import check_integer
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.parzen import parzen_log_density

FACTORS = 2.0 ** torch.arange(-7, 7, dtype=torch.float64)  # widths of the kernel, in median distances


def coverage(data: Tensor, samples: Tensor, sigma: Tensor, share: float = 0.95) -> float:
    """C = P_data(p > t), where p is a kernel density estimate and t its threshold with P_model(p > t) = ``share``.

    Args:
        data: points of the data, float (N, D).
        samples: points of the model, float (n, D), to which the density is fitted.
        sigma: width of its Gaussian kernel, float64 ().
        share: share of the samples whose density is above the threshold.

    Example:
        >>> line = torch.linspace(0, 1, 100)[:, None]
        >>> coverage(torch.cat([line, line + 10]), line, torch.tensor(0.1).double())
        0.475
    """
    (of_samples,) = parzen_log_density(samples, samples, sigma[None])
    (of_data,) = parzen_log_density(data, samples, sigma[None])
    return (of_data > of_samples.quantile(1 - share)).double().mean().item()


def kernel_width(samples: Tensor, held_out: Tensor) -> Tensor:
    """The width, float64 (), under which the held-out samples have the greatest likelihood.

    Candidates are the median distance of successive samples times 2^-7 to 2^6.

    Args:
        samples: points of the model that the density is fitted to, float (n, D).
        held_out: further points of the model, float (m, D).
    """
    distance = (samples[1:] - samples[:-1]).norm(dim=1).median().double().clamp(min=1e-6)
    sigmas = distance * FACTORS
    return sigmas[parzen_log_density(held_out, samples, sigmas).mean(1).argmax()]


@register
class Coverage:
    """Coverage of points in the plane by a kernel density estimate of the model.

    Args:
        samples: number of samples that the density is fitted to.
        held_out: number of further samples, on which the width of its kernel is chosen.
        seed: seed of the samples.

    Raises:
        GenzooError: a number is too small.

    Source: Tolstikhin et al. 2017 (AdaGAN), arXiv 1701.02386, section 4; tolstikhin/adagan, metrics.py, with the same
        numbers of samples. There the data are the first 500 training points, here all of the split.
    """

    needs = frozenset({Samples})

    def __init__(self, samples: int = 1000, held_out: int = 500, seed: int = 0):
        self.samples = check_integer("metrics.coverage.samples", samples, 2)
        self.held_out = check_integer("metrics.coverage.held_out", held_out, 1)
        self.seed = seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``coverage``, from 0 to 1; a perfect model has a little less than 0.95. Empty for images.

        Raises:
            GenzooError: a sample is not finite.
        """
        if data.spec.levels is not None:  # images
            return Evaluation()
        points = module.sample(self.samples + self.held_out, generator=generator(self.seed, "coverage"))
        points = points.cpu().float().flatten(1)
        if not points.isfinite().all():
            raise GenzooError("metrics.coverage: a sample of the model is not finite; train it again.")
        samples, held_out = points.split([self.samples, self.held_out])
        sigma = kernel_width(samples, held_out)
        found = data.evaluation_images(split).images.flatten(1)
        protocol = {"samples": self.samples, "held_out": self.held_out, "seed": self.seed, "share": 0.95}
        return Evaluation({"coverage": coverage(found, samples, sigma)}, protocol=protocol)
