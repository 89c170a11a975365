"""Whether a model assigns a higher likelihood to its own data than to another data set."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from genzoo.core.batches import DataSpec, Images
from genzoo.core.capabilities import ScoresLikelihood
from genzoo.core.checks import check_positive
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.scored import estimator, log_prob
from genzoo.metrics.separation import Separation


@register
class AnomalyDetection(Separation):
    """How well log p(x) separates images of the model's data from images of another data set.

    Args:
        data: function that builds the other data set, not loaded yet, as close to the model's ``DataSpec`` as possible.
        n_importance: posterior draws per image, for models whose likelihood is not exact.
        images: number of images of each set, evenly spaced over the split; None = all.
        batch_size: images per pass.
        seed: seed of the draws.

    Raises:
        GenzooError: a setting is not a positive integer.

    Source: Nalisnick et al. 2018, arXiv 1810.09136, whose models find some other sets likelier than their own.
    """

    name = "anomaly"
    scored = "log p(x)"
    needs = frozenset({ScoresLikelihood, Images})

    def __init__(
        self,
        data: Callable[[DataSpec], ImageData],
        n_importance: int = 128,
        images: int | None = 1000,
        batch_size: int = 100,
        seed: int = 0,
    ):
        super().__init__(data, images, batch_size, seed)
        check_positive("metrics.anomaly.n_importance", n_importance)
        self.n_importance = n_importance

    def score(self, module: RoundModule, levels: Tensor, own: DataSpec, name: str) -> Tensor:
        """log p(x) of each image in nats."""
        draws = generator(self.seed, "anomaly", name, device=module.device)
        return log_prob(module, levels, self.n_importance, self.batch_size, draws)

    def estimator(self, module: RoundModule) -> dict[str, Any]:
        """The estimator of log p(x)."""
        return estimator(module, self.n_importance, self.seed)
