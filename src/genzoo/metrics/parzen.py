"""Log-likelihood under a Parzen window estimate: Gaussians around samples."""

import math

import numpy as np
import torch
from torch import Tensor

from genzoo.core.batches import Images
from genzoo.core.capabilities import Samples
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels, to_unit
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.evaluation import Evaluation

STANDARD = 10_000  # samples; names of values measured with another number end in it
SIGMAS = torch.from_numpy(np.logspace(-1, 0, 10))


def parzen_log_density(images: Tensor, samples: Tensor, sigmas: Tensor, block: int = 1000) -> Tensor:
    """log p(x) = log 1/n Σ exp(-|x - s|² / 2σ²) - D log(σ √(2π)) for each σ, in nats, float64 (len(sigmas), B).

    In float64, since log-densities of images are hundreds of nats and differences of one nat matter.

    Args:
        images: x, float (B, D).
        samples: s, float (n, D).
        sigmas: σ, float64 (S,).
        block: number of images and of samples per block of the distance matrix, which bounds the memory.

    >>> parzen_log_density(torch.zeros(1, 2), torch.zeros(5, 2), torch.ones(1)) + math.log(2 * math.pi)
    tensor([[0.]], dtype=torch.float64)
    """
    exponents = torch.full((len(sigmas), len(images)), -math.inf, dtype=torch.float64)
    for x, of_x in zip(images.split(block), exponents.split(block, dim=1), strict=True):
        for s in samples.split(block):
            x, s = x.double(), s.double()
            squared = x.square().sum(1, keepdim=True) + s.square().sum(1) - 2 * x @ s.T
            for sigma, known in zip(sigmas, of_x, strict=True):
                torch.logaddexp(known, (squared / (-2 * sigma**2)).logsumexp(1), out=known)
    normaliser = images.shape[1] * (sigmas.double() * math.sqrt(2 * math.pi)).log()
    return exponents - math.log(len(samples)) - normaliser[:, None]


@register
class ParzenWindow:
    """The log-likelihood of images under Gaussians around samples, pixels in [0, 1]; kept because papers report it.

    The width σ is the one of 10 values from 0.1 to 1 that maximises the likelihood of the first validation images.

    Args:
        samples: number of samples; the estimate depends on it, so with a number other than 10,000 names end in
            ``_n<samples>``.
        sigma_images: number of validation images on which σ is chosen.
        seed: seed of the samples.

    Source: Goodfellow et al. 2014, arXiv 1406.2661, section 5; goodfeli/adversarial, parzen_ll.py.
    """

    needs = frozenset({Samples, Images})

    def __init__(self, samples: int = STANDARD, sigma_images: int = 1000, seed: int = 0):
        for key, value in (("samples", samples), ("sigma_images", sigma_images)):
            check_positive(f"metrics.parzen.{key}", value)
        self.samples, self.sigma_images, self.seed = samples, sigma_images, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``parzen_log_likelihood`` in nats, its ``parzen_standard_error`` over images, and ``parzen_sigma``.

        Raises:
            GenzooError: there are no validation images.
        """
        images = self._unit(data, split)
        validation = self._unit(data, "validation", self.sigma_images)
        if not len(images):
            return Evaluation()
        if not len(validation):
            raise GenzooError(
                f"metrics.parzen: its sigma is chosen on validation images, but data={data.name} has none; "
                "hold some out from training, or leave the metric out (metrics.parzen=null)."
            )
        # The validation images choose σ, then the split's images are evaluated with it.
        samples = module.sample(self.samples, generator=generator(self.seed, "parzen")).cpu()
        samples = to_unit(samples).flatten(1)
        best = parzen_log_density(validation, samples, SIGMAS).mean(1).argmax()
        (found,) = parzen_log_density(images, samples, SIGMAS[best, None])
        suffix = "" if self.samples == STANDARD else f"_n{self.samples}"
        values = {
            f"parzen_log_likelihood{suffix}": found.mean().item(),
            f"parzen_standard_error{suffix}": found.std(correction=0).item() / math.sqrt(len(images)),
            f"parzen_sigma{suffix}": SIGMAS[best].item(),
        }
        protocol = {
            "samples": self.samples,
            "seed": self.seed,
            "images": len(images),
            "sigmas": SIGMAS.tolist(),
            "sigma_chosen_on": f"the first {len(validation)} validation images",
            "batch_norm": module.batch_norm,
        }
        return Evaluation(values, protocol=protocol)

    @staticmethod
    def _unit(data: ImageData, split: str, limit: int | None = None) -> Tensor:
        """Returns images of a split, pixels in [0, 1], (B, D)."""
        levels = data.evaluation_images(split, limit).images
        return to_unit(from_levels(levels, data.spec.levels)).flatten(1)
