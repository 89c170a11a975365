"""The evidence lower bound and its parts."""

from collections import defaultdict

import torch
from torch import Tensor

from genzoo.core.capabilities import BoundsLikelihood
from genzoo.core.checks import check_positive
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import check_images, evenly_spaced
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.scored import bits_per_dim, check_finite, conditions, named, standard_error


@register
class EvidenceLowerBound:
    """log p(x|z) - Σ KL(q(z_l|x) || p(z_l)), from one posterior draw per image, without free bits.

    Args:
        images: number of images, evenly spaced over the split; None = all. If fewer than the split has, names end in
            ``_n<images>``.
        batch_size: images per pass.
        seed: seed of the draws.

    Raises:
        GenzooError: a setting is not a positive integer.

    Source: Kingma, Welling 2013, arXiv 1312.6114, equation 3.
    """

    needs = frozenset({BoundsLikelihood})

    def __init__(self, images: int | None = None, batch_size: int = 100, seed: int = 0):
        check_positive("metrics.elbo.batch_size", batch_size)
        check_images("elbo", images)
        self.images, self.batch_size, self.seed = images, batch_size, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``negative_elbo`` = ``reconstruction_nll`` + ``kl``, the sum of ``kl/<layer>``, in nats per image.

        Also ``negative_elbo_standard_error`` over images, and ``elbo_bits_per_dim``.

        Raises:
            GenzooError: a term is not finite; the message names the term and its layer.
        """
        if data.spec.levels is None:  # likelihoods are defined for discrete levels only
            return Evaluation()
        levels = evenly_spaced(data.evaluation_images(split).images, self.images)
        if not len(levels):
            return Evaluation()
        log_likelihood, kl = self._bound(module, levels)
        check_finite("metrics.elbo", "log p(x|z)", log_likelihood)
        for layer, divergence in kl.items():
            check_finite("metrics.elbo", f"the KL divergence of layer {layer}", divergence)
        total = torch.stack([*kl.values()]).sum(0)
        negative = total - log_likelihood
        values = {
            "negative_elbo": negative.mean().item(),
            "negative_elbo_standard_error": standard_error(negative),
            "reconstruction_nll": -log_likelihood.mean().item(),
            "kl": total.mean().item(),
            **{f"kl/{layer}": divergence.mean().item() for layer, divergence in kl.items()},
            "elbo_bits_per_dim": bits_per_dim(negative.mean().item(), levels),
        }
        protocol = {
            "draws": 1,
            "seed": self.seed,
            **conditions(module, data, split, len(levels), self.batch_size),
        }
        return Evaluation(named(values, data, split, len(levels)), protocol=protocol)

    def _bound(self, module: RoundModule, levels: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """log p(x|z) and each layer's KL divergence in nats, float64 (N,) on the CPU."""
        draws = generator(self.seed, "elbo", device=module.device)
        log_likelihood, kl = [], defaultdict(list)
        for batch in levels.split(self.batch_size):
            bound = module.bound(batch.to(module.device), draws)
            log_likelihood.append(bound.log_likelihood.cpu().double())
            for layer, divergence in bound.kl.items():
                kl[layer].append(divergence.cpu().double())
        return torch.cat(log_likelihood), {layer: torch.cat(parts) for layer, parts in kl.items()}
