"""Whether a latent search comes nearer to images of a model's data than to those of another data set."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from genzoo.core.batches import DataSpec, Images
from genzoo.core.images import from_levels
from genzoo.core.latent_search import LatentSearch
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.searched import search_all
from genzoo.metrics.separation import Separation


@register
class SearchedAnomalyDetection(Separation):
    """How well AnoGAN's anomaly score, the distance that a latent search reaches, separates two sets of images.

    Args:
        data: function that builds the other data set, not loaded yet, as close to the model's ``DataSpec`` as possible.
        search: the latent search.
        images: number of images of each set, evenly spaced over the split; None = all.
        batch_size: images that are searched for at once.
        seed: seed of the starts.

    Raises:
        GenzooError: a setting is not a positive integer.

    Source: AnoGAN (Schlegl et al. 2017, arXiv 1703.05921), section 2.3.
    """

    name = "anomaly_search"
    scored = "the distance"

    def __init__(
        self,
        data: Callable[[DataSpec], ImageData],
        search: LatentSearch,
        images: int | None = 200,
        batch_size: int = 100,
        seed: int = 0,
    ):
        super().__init__(data, images, batch_size, seed)
        self.search, self.needs = search, search.needs | {Images}

    def score(self, module: RoundModule, levels: Tensor, own: DataSpec, name: str) -> Tensor:
        """Minus the least distance of each image."""
        images = from_levels(levels, own.levels)
        return -search_all(self.search, module, images, self.batch_size, generator(self.seed, "search")).distances

    def estimator(self, module: RoundModule) -> dict[str, Any]:
        """The settings of the search."""
        return {**self.search.protocol(), "seed": self.seed}
