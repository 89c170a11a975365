"""DTN: translation that keeps the features of a fixed encoder."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, EnvironmentSpec, ImageBatch, Stream
from genzoo.core.capabilities import Classifies, Translates
from genzoo.core.checks import check_classes, check_first_phase, check_positive, check_weights
from genzoo.core.images import luma
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.translation.translator import Translator
from genzoo.translation.two_domain import TwoDomainModule

FROM_SOURCE, FROM_TARGET, REAL = range(3)  # classes of the discriminator


@register
class DomainTransferNetwork(TwoDomainModule, Translator):
    """G = g ∘ f from domain A to B: f, learned from labels of A and then fixed, is to see the same in x and G(x).

    With x and y images of A and B, and the probabilities D₁, D₂, D₃ that the discriminator gives G(x), G(y) and y,

        the discriminator minimises    -E log D₁(G(x)) - E log D₂(G(y)) - E log D₃(y),
        g                              -E log D₃(G(x)) - E log D₃(G(y)) + α E mean (f(x) - f(G(x)))²
                                       + β E mean (y - G(y))² + γ TV(G(x), G(y)),

    where TV is the total variation, the mean length of the differences of neighbouring pixels.

    Args:
        encoder: factory of f, called with ``shape``; it has ``width``, the number of its features.
        decoder: factory of g, called with ``width`` and ``shape``.
        discriminator: factory of D, called with ``shape``.
        classes: number of classes of domain A.
        encoder_rounds: rounds in which f and a linear classifier of its features learn, before D and g do.
        constancy_weight, identity_weight, variation_weight: α, β and γ.
        kwargs: of ``TwoDomainModule`` and ``Translator``; the players are ``encoder``, ``discriminator`` and
            ``generator``.

    Raises:
        GenzooError: a weight is negative, or a number is not a positive integer.

    Source: Taigman, Polyak, Wolf 2017, arXiv 1611.02200, section 4 (the form of TV and the order of the updates are
        unverified).
    """

    def __init__(
        self,
        encoder: Callable[..., nn.Module],
        decoder: Callable[..., nn.Module],
        discriminator: Callable[..., nn.Module],
        classes: int,
        encoder_rounds: int,
        constancy_weight: float = 15.0,
        identity_weight: float = 15.0,
        variation_weight: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_positive("model.encoder_rounds", encoder_rounds)
        self.weights = {"constancy": constancy_weight, "identity": identity_weight, "variation": variation_weight}
        check_weights(self.weights)
        self.classes, self.encoder_rounds = classes, encoder_rounds
        self.encoder = encoder(shape=self.shapes["A"])
        self.class_head = nn.Linear(self.encoder.width, classes)
        self.decoder = decoder(width=self.encoder.width, shape=self.shapes["B"])
        self.discriminator = discriminator(shape=self.shapes["B"])

    def players(self) -> dict[str, list[nn.Module]]:
        """The encoder with its classifier, the discriminator, and the decoder."""
        return {
            "encoder": [self.encoder, self.class_head],
            "discriminator": [self.discriminator],
            "generator": [self.decoder],
        }

    def turns(self) -> tuple[Turn, ...]:
        """The encoder's turn in the first rounds; then one of the discriminator and the decoder."""
        end, labelled = self.encoder_rounds, Stream("labelled", "labelled")
        losses = {"discriminator": self.discriminator_loss, "generator": self.generator_loss}
        return (
            Turn({"encoder": self.encoder_loss}, (labelled,)).in_rounds(end=end),
            Turn(losses, self.streams_of_domains, draws=self.draws, at_once=False).in_rounds(end),
        )

    def on_fit_start(self) -> None:
        """Raises a GenzooError, too, if the run has no rounds for the translation."""
        super().on_fit_start()
        check_first_phase(
            "model.encoder_rounds", self.encoder_rounds, self.trainer.datamodule.rounds, "the translation"
        )

    def features_of(self, images: Tensor) -> Tensor:
        """f of images (B, C, H, W) of either domain in [-1, 1]: features (B, width)."""
        return self.encoder(with_channels(images, self.image_shape[0]))

    def draws(self, a: ImageBatch, b: ImageBatch) -> list[dict[str, Tensor]]:
        """The losses' arguments: f(x), y, G(x) and G(y)."""
        with torch.no_grad():
            of_a, of_b = self.features_of(a.images), self.features_of(b.images)
        return [{"features": of_a, "y": b.images, "from_a": self.decoder(of_a), "from_b": self.decoder(of_b)}]

    def encoder_loss(self, labelled: ImageBatch) -> Tensor:
        """The cross-entropy of the classifier."""
        logits = self.class_head(self.features_of(labelled.images))
        return F.cross_entropy(at_least_float32(logits), labelled.labels)

    def judged(self, images: Tensor, wanted: int) -> Tensor:
        """The mean of -log D of a class, of images (B, C', H, W) of domain B."""
        logits = at_least_float32(self.discriminator(images))
        return F.cross_entropy(logits, logits.new_full((len(logits),), wanted, dtype=torch.long))

    def discriminator_loss(self, features: Tensor, y: Tensor, from_a: Tensor, from_b: Tensor) -> Tensor:
        """The cross-entropy of the three classes."""
        fakes = self.judged(from_a.detach(), FROM_SOURCE) + self.judged(from_b.detach(), FROM_TARGET)
        return fakes + self.judged(y, REAL)

    def generator_loss(self, features: Tensor, y: Tensor, from_a: Tensor, from_b: Tensor) -> Tensor:
        """The adversarial terms, the constancy of f, the identity on domain B and, if weighted, the total variation."""
        terms = {
            "constancy": at_least_float32(self.features_of(from_a) - features).square().mean(),
            "identity": (at_least_float32(from_b) - y).square().mean(),
        }
        if self.weights["variation"]:
            terms["variation"] = total_variation(from_a) + total_variation(from_b)
        for name, term in terms.items():
            self.meters.log(name, term.detach())
        adversarial = self.judged(from_a, REAL) + self.judged(from_b, REAL)
        return adversarial + sum(self.weights[name] * term for name, term in terms.items())

    def capabilities(self) -> frozenset[type]:
        """It translates, and classifies images of domain A."""
        return frozenset({Translates, Classifies})

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Also refuses data with another number of classes."""
        super().check_data(data)
        assert isinstance(data, DataSpec)
        check_classes("model.classes", self.classes, data)

    def networks(self) -> dict[tuple[str, str], nn.Module]:
        """G, from the first domain to the second one."""
        return {("A", "B"): Composed(self.encoder, self.decoder)}

    @in_inference
    def classify(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, C, H, W) of domain A in [-1, 1]."""
        return self.class_head(self.features_of(images))


class Composed(nn.Sequential):
    """A decoder of an encoder's features."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module):
        super().__init__(encoder, decoder)
        self.shape = encoder.shape


def with_channels(images: Tensor, channels: int) -> Tensor:
    """Images (B, C, H, W) with 1 or 3 channels: grey is repeated, colour is averaged to its luma.

    >>> with_channels(torch.zeros(2, 1, 4, 4), 3).shape
    torch.Size([2, 3, 4, 4])
    """
    if images.shape[1] == channels:
        return images
    return luma(images) if channels == 1 else images.expand(-1, channels, -1, -1)


def total_variation(images: Tensor) -> Tensor:
    """The mean length of the differences to the right and lower neighbours, of images (B, C, H, W).

    >>> round(total_variation(torch.tensor([[[[0.0, 3.0], [4.0, 7.0]]]])).item(), 3)
    5.0
    """
    images = at_least_float32(images)
    here, right, below = images[..., :-1, :-1], images[..., :-1, 1:], images[..., 1:, :-1]
    return ((right - here).square() + (below - here).square() + 1e-8).sqrt().mean()
