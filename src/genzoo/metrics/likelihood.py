"""The likelihood of images under a model."""

from genzoo.core.capabilities import ScoresLikelihood
from genzoo.core.checks import check_positive
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.batches import check_images, evenly_spaced
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.scored import bits_per_dim, check_finite, conditions, estimator, log_prob, named, standard_error


@register
class Likelihood:
    """The mean of -log p(x) over images: exact if the model computes it, else estimated by importance sampling.

    The expectation of -log 1/k Σ p(x, z_i) / q(z_i|x) is an upper bound of -log p(x), which is tighter for larger k;
    with k = 1 it is the negative evidence lower bound.

    Args:
        n_importance: k, the number of posterior draws per image.
        images: number of images, evenly spaced over the split; None = all. If fewer than the split has, names end in
            ``_n<images>``.
        batch_size: images per pass.
        seed: seed of the draws.

    Raises:
        GenzooError: a setting is not a positive integer.

    Source: Burda et al. 2015, arXiv 1509.00519, section 5 (k = 5,000); Kingma et al. 2016, arXiv 1606.04934, table 1
    (k = 128).
    """

    needs = frozenset({ScoresLikelihood})

    def __init__(self, n_importance: int = 128, images: int | None = None, batch_size: int = 100, seed: int = 0):
        for key, value in (("n_importance", n_importance), ("batch_size", batch_size)):
            check_positive(f"metrics.likelihood.{key}", value)
        check_images("likelihood", images)
        self.n_importance, self.images, self.batch_size, self.seed = n_importance, images, batch_size, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``nll`` in nats per image, its ``nll_standard_error`` over images, and ``bits_per_dim``.

        Raises:
            GenzooError: an image's likelihood is not finite.
        """
        if data.spec.levels is None:  # likelihoods are defined for discrete levels only
            return Evaluation()
        levels = evenly_spaced(data.evaluation_images(split).images, self.images)
        if not len(levels):
            return Evaluation()
        draws = generator(self.seed, "likelihood", device=module.device)
        nll = -log_prob(module, levels, self.n_importance, self.batch_size, draws)
        check_finite("metrics.likelihood", "log p(x)", nll)
        values = {
            "nll": nll.mean().item(),
            "nll_standard_error": standard_error(nll),
            "bits_per_dim": bits_per_dim(nll.mean().item(), levels),
        }
        protocol = {
            **estimator(module, self.n_importance, self.seed),
            **conditions(module, data, split, len(levels), self.batch_size),
        }
        return Evaluation(named(values, data, split, len(levels)), protocol=protocol)
