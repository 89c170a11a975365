"""Improved GAN: semi-supervised learning with a discriminator that also classifies a few labelled images."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.adversarial.classifier import ClassifyingDiscriminator
from genzoo.adversarial.game import Game
from genzoo.adversarial.networks import base
from genzoo.adversarial.rounds import Alternating
from genzoo.core.batches import DataSpec, ImageBatch, Stream
from genzoo.core.capabilities import Classifies, Features
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.nn.objectives import Minimax, check_label


@register
class SemiSupervisedGAN(ClassifyingDiscriminator, Game):
    """The discriminator has one logit l_k per class; the logit of "generated" is fixed at 0.

    With Z(x) = Σ_k exp l_k(x), D(x) = Z / (Z + 1). The discriminator minimises the cross-entropy of the labelled images
    plus half the adversarial loss, -½ E log D(x) - ½ E log(1 - D(G(z))). The generator minimises E log(1 - D(G(z))).

    A round draws one batch of labelled and one of unlabelled images.

    Args:
        labelled_weight: weight of the cross-entropy in the discriminator's loss; 0 = no labels are used, and the model
            does not classify.
        unlabelled_weight: weight of the adversarial loss in the discriminator's loss.
        real: the label α of real images in the adversarial loss; a label below 1 is one-sided label smoothing.
        generator_steps: updates of the generator per round.
        kwargs: of ``Game``. The discriminator maps images to logits (B, classes), by its ``head`` on its ``features``
            (B, F).

    Source: Salimans et al. 2016, arXiv 1606.03498, section 5; openai/improved-gan, mnist_svhn_cifar10 (the factors ½
        and the generator's loss: train_cifar_minibatch_discrimination.py).
    """

    needs = base.ClassDiscriminator
    accumulates = False  # means of features and similarities are computed over whole batches

    def __init__(
        self,
        labelled_weight: float = 1.0,
        unlabelled_weight: float = 1.0,
        real: float = 1.0,
        generator_steps: int = 1,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_positive("model.generator_steps", generator_steps)
        if self.round != Alternating():
            raise GenzooError(
                "model.round: this model has a fixed round: one update of the discriminator and "
                "model.generator_steps of the generator; remove model.round."
            )
        if min(labelled_weight, unlabelled_weight) < 0:
            raise GenzooError("model.labelled_weight and model.unlabelled_weight: numbers of at least 0 are needed.")
        self.check_logits()
        check_label("model.real", real)
        self.labelled_weight, self.unlabelled_weight, self.objective = labelled_weight, unlabelled_weight, Minimax(real)
        self.generator_steps = generator_steps

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator's turn, then the generator's."""
        labelled = (Stream("labelled", "labelled"),) if self.labelled_weight else ()
        return (
            Turn({"discriminator": self.loss_of("discriminator")}, (*labelled, Stream("unlabelled"))),
            self.generator_turn(),
        )

    def generator_turn(self) -> Turn:
        """The generator's updates, each on as many new images as the discriminator's turn had."""
        losses = {"generator": self.loss_of("generator")}
        return Turn(losses, (Stream("unlabelled"),), draws=lambda **drawn: [drawn] * self.generator_steps)

    def capabilities(self) -> frozenset[type]:
        """It has features, too, and classifies if labels are used."""
        return super().capabilities() | {Features} | ({Classifies} if self.labelled_weight else set())

    def check_data(self, data: DataSpec) -> None:
        """Raises a GenzooError, too, if labels are used and the data has none or another number of classes."""
        super().check_data(data)
        if self.labelled_weight:
            self.check_classes(data)

    def discriminator_loss(self, unlabelled: ImageBatch, labelled: ImageBatch | None = None) -> Tensor:
        """Cross-entropy of labelled images plus the adversarial loss of unlabelled and generated ones, weighted."""
        _, fake = self.detached_fakes(unlabelled)
        known = [] if labelled is None else [labelled.images]
        *logits, real, generated = self.discriminate(*known, unlabelled.images, fake)
        game = self.adversarial_loss(real, generated)
        self.meters.log("unlabelled_loss", game)
        loss = self.unlabelled_weight * game
        if labelled is not None:
            supervised = F.cross_entropy(*logits, labelled.labels)
            self.meters.log("labelled_loss", supervised)
            loss = loss + self.labelled_weight * supervised
        return loss

    def adversarial_loss(self, real: Tensor, generated: Tensor) -> Tensor:
        """-½ E log D(x) - ½ E log(1 - D(G(z))), given the class logits (B, classes) of real and of generated images."""
        return self.objective.discriminator(real.logsumexp(1), generated.logsumexp(1)) / 2  # log Z is the logit of D

    def generator_loss(self, unlabelled: ImageBatch) -> Tensor:
        """E log(1 - D(G(z))) of as many generated images as unlabelled ones."""
        _, fake = self.make(unlabelled)
        (logits,) = self.discriminate(fake)
        return self.objective.generator(logits.logsumexp(1))

    def discriminate(self, *batches: Tensor) -> tuple[Tensor, ...]:
        """The class logits (B, classes) of each batch of images.

        The features of all batches are computed in one pass, the ``head`` (which may compare the images of a batch) per
        batch.
        """
        features = self.discriminator.features(torch.cat(batches)).chunk(len(batches))
        return tuple(at_least_float32(self.discriminator.head(f)) for f in features)


@register
class FeatureMatchingGAN(SemiSupervisedGAN):
    """The generator matches the means of the discriminator's features, with noise and dropout active.

    Each update of the generator draws unlabelled images other than those of the discriminator's update.

    Args:
        matching: distance of two batches of features (B, F), real and generated.
        kwargs: of ``SemiSupervisedGAN``.

    Source: arXiv 1606.03498, section 3.1; openai/improved-gan, train_mnist_feature_matching.py (mean of squares),
        train_cifar_feature_matching.py (mean of absolute values).
    """

    def __init__(self, matching: Callable[[Tensor, Tensor], Tensor], **kwargs: Any):
        super().__init__(**kwargs)
        self.matching = matching

    def generator_turn(self) -> Turn:
        """The generator's updates, each on its own unlabelled images."""
        return Turn({"generator": self.loss_of("generator")}, (Stream("other"),), self.generator_steps)

    def generator_loss(self, other: ImageBatch) -> Tensor:
        """The distance between features of generated images and of the turn's unlabelled images."""
        _, fake = self.make(other)
        with torch.no_grad():
            real = self.discriminator.features(other.images)
        return self.matching(real, self.discriminator.features(fake))
