"""The ladder network: a classifier whose layers are trained, too, to remove noise from unlabelled images."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, ImageBatch, Stream
from genzoo.core.capabilities import Classifies, Features
from genzoo.core.checks import check_classes
from genzoo.core.errors import GenzooError
from genzoo.core.image_module import ImageModule
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import Turn


def denoising_cost(estimate: Tensor, clean: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """|z - (ẑ - mean) / std|² / width, mean over the batch, a scalar.

    Args:
        estimate: ẑ, (B, width).
        clean: z of the same images without noise, (B, width).
        mean, std: statistics by which z was normalised, (width,).

    Example:
        >>> estimate, clean = torch.tensor([[3.0, 1.0]]), torch.tensor([[1.0, 2.0]])
        >>> denoising_cost(estimate, clean, torch.ones(2), torch.tensor([2.0, 1.0]))
        tensor(2.)
    """
    return ((estimate - mean) / std - clean).square().mean()


@register
class Ladder(ImageModule):
    """A denoising autoencoder with lateral connections, whose encoder is the classifier.

    Noise is added to the images and to each layer's normalised pre-activations z. The decoder estimates each layer's z
    from the noisy z and from the estimate of the layer above. The network minimises the cross-entropy of the noisy
    labelled images plus Σ λ_l |z_l - BN(ẑ_l)|² / width_l of unlabelled images, where z_l is that of a pass without
    noise, whose gradient is not stopped, and BN normalises by that pass's mean and standard deviation. Labelled and
    unlabelled images are normalised separately, by statistics over the batches of all ranks; evaluation uses running
    statistics of the labelled images without noise.

    Args:
        network: factory of the network, called with ``lowest``, the lowest layer with λ_l > 0;
            see ``DenoisingLadder``.
        denoising: λ_l of each layer: the images, the hidden layers, the classes. Only the last one: the Γ-model. Only
            the first one: the bottom-only model. All 0: the noisy classifier alone, without unlabelled images.
        kwargs: of ``RoundModule``; the one player is ``network``.

    Raises:
        GenzooError: a weight is negative, or there is not one per layer.

    Source: Rasmus et al. 2015, arXiv 1507.02672, section 3; CuriousAI/ladder, ladder.py (the gradient of z_l).
    """

    accumulates = False  # statistics are of whole batches

    def __init__(self, network: Callable[..., nn.Module], denoising: Sequence[float], **kwargs: Any):
        super().__init__(**kwargs)
        self.denoising = tuple(denoising)
        weighted = [layer for layer, weight in enumerate(self.denoising) if weight]
        self.network = network(lowest=min(weighted, default=len(self.denoising)))
        if len(self.denoising) != self.network.layers or min(self.denoising) < 0:
            raise GenzooError(
                f"model.denoising={list(self.denoising)}: one number of at least 0 per layer is needed, "
                f"{self.network.layers} in all: the images, the hidden layers and the classes."
            )
        self.image_shape = tuple(self.network.shape)

    def players(self) -> dict[str, list[nn.Module]]:
        """Encoder and decoder."""
        return {"network": [self.network]}

    def turns(self) -> tuple[Turn, ...]:
        """One turn, on a batch of labelled and one of unlabelled images."""
        unlabelled = (Stream("unlabelled"),) if any(self.denoising) else ()
        return (Turn({"network": self.loss}, (Stream("labelled", "labelled"), *unlabelled)),)

    def capabilities(self) -> frozenset[type]:
        """It classifies and has features."""
        return frozenset({Classifies, Features})

    def check_data(self, data: DataSpec) -> None:
        """Raises a GenzooError, too, for data with another number of classes, or without labels."""
        super().check_data(data)
        check_classes("model.network.classes", self.network.classes, data)

    def loss(self, labelled: ImageBatch, unlabelled: ImageBatch | None = None) -> Tensor:
        """The cross-entropy of noisy labelled images plus the weighted denoising costs of unlabelled ones."""
        with torch.no_grad():
            self.network(labelled.images)  # for the running statistics
        supervised = F.cross_entropy(self.network.encode(labelled.images, noisy=True).logits, labelled.labels)
        self.meters.log("labelled_loss", supervised)
        return supervised if unlabelled is None else supervised + self.denoising_loss(unlabelled)

    def denoising_loss(self, unlabelled: ImageBatch) -> Tensor:
        """Σ λ_l times the denoising cost of layer l, a scalar; each cost is logged."""
        clean = self.network.encode(unlabelled.images, noisy=False)
        estimates = self.network.decode(self.network.encode(unlabelled.images, noisy=True))
        loss = clean.logits.new_zeros(())
        for layer, estimate in estimates.items():
            cost = denoising_cost(estimate, clean.z[layer], clean.mean[layer], clean.std[layer])
            self.meters.log(f"denoising/layer_{layer}", cost)
            loss = loss + self.denoising[layer] * cost
        return loss

    @in_inference
    def classify(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, C, H, W) in [-1, 1]."""
        return at_least_float32(self.network(images))

    @in_inference
    def features(self, images: Tensor) -> Tensor:
        """The last hidden layer (B, F) of images (B, C, H, W) in [-1, 1]."""
        return at_least_float32(self.network.features(images))
