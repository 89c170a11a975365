"""The adversarial autoencoder for dimensionality reduction: a representation of a few numbers, in clusters."""

from typing import Any

from torch import Tensor

from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Embeds
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.core.registry import register
from genzoo.hybrid.networks.base import HeadedDecoder
from genzoo.hybrid.semi_supervised_aae import SemiSupervisedAdversarialAutoencoder


@register
class ReducingAdversarialAutoencoder(SemiSupervisedAdversarialAutoencoder):
    """The decoder sees only the sum of the category's cluster head and the style, n numbers for each image.

    The decoder's loss has a term that pushes the heads apart: the mean over pairs of how much less than ``distance``
    they are apart.

    Args:
        distance: between heads, from which on the term is 0.
        distance_weight: weight of the term.
        kwargs: of ``SemiSupervisedAdversarialAutoencoder``; the decoder has the methods ``embed`` and ``crowding``, as
            ``genzoo.hybrid.networks.heads.ClusterHeads`` does.

    Raises:
        GenzooError: a setting is not positive, or the decoder has no heads.

    Source: Makhzani et al. 2015, arXiv 1511.05644, section 7.
    """

    def __init__(self, distance: float, distance_weight: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        if not min(distance, distance_weight) > 0:
            raise GenzooError("model.distance and model.distance_weight: positive numbers are needed.")
        check_network(self.decoder, HeadedDecoder, "model.decoder")
        self.distance, self.distance_weight = distance, distance_weight

    def capabilities(self) -> frozenset[type]:
        """It also maps codes to representations of less width."""
        return super().capabilities() | {Embeds}

    def decoder_loss(self, real: ImageBatch, codes: Tensor) -> Tensor:
        """The reconstruction's error and the crowding of the heads."""
        crowding = self.decoder.crowding(self.distance)
        self.meters.log("crowding", crowding)
        return super().decoder_loss(real, codes) + self.distance_weight * crowding

    @in_inference
    def embed(self, codes: Tensor) -> Tensor:
        """The representations (B, n) of codes (B, latent.width): cluster head plus style."""
        return at_least_float32(self.decoder.embed(codes))
