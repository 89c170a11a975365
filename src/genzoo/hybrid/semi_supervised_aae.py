"""Adversarial autoencoders with a category and a style: semi-supervised, or as clustering without labels."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, ImageBatch, Stream
from genzoo.core.capabilities import Classifies, InfersCodes
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.latent import Categorical
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.hybrid.aae import AdversarialAutoencoder


@register
class SemiSupervisedAdversarialAutoencoder(AdversarialAutoencoder):
    """The code is a category, as probabilities, and a style, each with a discriminator.

    The discriminator of the category compares the encoder's probabilities with one-hot draws, so that each image gets
    one category and all are used equally. A fourth turn of the round minimises the encoder's cross-entropy on labelled
    images. Without it, the categories are clusters, which are inferred as the code ``category``.

    Args:
        labelled_weight: weight of the cross-entropy in the encoder's loss; 0 = no labels are used, and the model does
            not classify.
        kwargs: of ``AdversarialAutoencoder``.

    Raises:
        GenzooError: the latent code has no categorical part ``category``, or the weight is negative.

    Source: Makhzani et al. 2015, arXiv 1511.05644, sections 5 (labels) and 6 (clusters).
    """

    def __init__(self, labelled_weight: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        if labelled_weight < 0:
            raise GenzooError("model.labelled_weight: a number of at least 0 is needed; 0 = no labels.")
        part = self.latent.parts.get("category")
        if not isinstance(part, Categorical):
            raise GenzooError("model.latent.category: a Categorical part is needed, one category per class or cluster.")
        self.labelled_weight, self.inferred = labelled_weight, {"category": part}

    def turns(self) -> tuple[Turn, ...]:
        """The autoencoder's three turns; then, with labels, the classification."""
        if not self.labelled_weight:
            return super().turns()
        labelled = Turn({"encoder": self.classification_loss}, (Stream("labelled", "labelled"),))
        return (*super().turns(), labelled)

    def capabilities(self) -> frozenset[type]:
        """It classifies if labels are used, else infers clusters."""
        return super().capabilities() | {Classifies if self.labelled_weight else InfersCodes}

    def check_data(self, data: DataSpec) -> None:
        """Raises a GenzooError, too, if labels are used and the data has another number of classes."""
        super().check_data(data)
        categories = self.inferred["category"].size
        if self.labelled_weight and data.classes != categories:
            raise GenzooError(
                f"data={data.name} has {data.classes} classes, but model.latent.category has {categories} categories; "
                f"use model.latent.category.size={data.classes}, or model.labelled_weight=0 for clusters."
            )

    def logits(self, images: Tensor) -> Tensor:
        """The encoder's logits (B, categories) of images (B, C, H, W)."""
        return self.encoded.split(at_least_float32(self.encoder(images)))["category"]

    def classification_loss(self, labelled: ImageBatch) -> Tensor:
        """The encoder's cross-entropy of labelled images, weighted."""
        loss = F.cross_entropy(self.logits(labelled.images), labelled.labels)
        self.meters.log("labelled_loss", loss)
        return self.labelled_weight * loss

    @in_inference
    def classify(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, C, H, W) in [-1, 1]."""
        return self.logits(images)

    @in_inference
    def infer_codes(self, images: Tensor) -> Mapping[str, Tensor]:
        """The probabilities of the categories: ``category`` -> (B, categories)."""
        return {"category": self.logits(images).softmax(1)}
