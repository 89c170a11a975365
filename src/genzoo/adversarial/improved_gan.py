"""Improved GAN: a discriminator that learns the classes of a few labelled images beside the game."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.adversarial.classifier import ClassifyingDiscriminator
from genzoo.adversarial.game import Game
from genzoo.adversarial.networks import base
from genzoo.adversarial.objectives import Minimax, check_label
from genzoo.adversarial.rounds import Alternating
from genzoo.core.batches import DataSpec, ImageBatch, Stream
from genzoo.core.capabilities import Classifies, Features
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.core.rounds import Turn


@register
class SemiSupervisedGAN(ClassifyingDiscriminator, Game):
    """The discriminator has one logit l_k a class; the logit of "generated" is fixed at 0.

    With Z(x) = Σ_k exp l_k(x) it says D(x) = Z / (Z + 1). It minimises the cross-entropy of the labelled images plus
    half the loss of the game, -½ E log D(x) - ½ E log(1 - D(G(z))). The generator minimises E log(1 - D(G(z))).

    A round draws a batch of labelled images and one of unlabelled ones.

    Args:
        labelled_weight: of the cross-entropy in the discriminator's loss; 0 = no labels are drawn, and the model does
            not classify.
        unlabelled_weight: of the game in the discriminator's loss.
        real: the label α of real images in the game; below 1, labels are smoothed on one side.
        generator_steps: turns of the generator in a round.
        kwargs: of ``Game``. The discriminator maps images to logits (B, classes): its ``head`` of its ``features``
            (B, F).

    Source: Salimans et al. 2016, arXiv 1606.03498, section 5; openai/improved-gan, mnist_svhn_cifar10 (the factors ½
        and the generator's loss: train_cifar_minibatch_discrimination.py).
    """

    needs = base.ClassDiscriminator
    accumulates = False  # means of features and similarities are those of whole batches

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
                "model.round: this game has a round of its own: one turn of the discriminator and "
                "model.generator_steps of the generator; leave it out."
            )
        if min(labelled_weight, unlabelled_weight) < 0:
            raise GenzooError("model.labelled_weight and model.unlabelled_weight: numbers from 0 on are needed.")
        if not self.discriminator.classes:
            raise GenzooError("model.discriminator.classes=0: one logit at least is needed.")
        check_label("model.real", real)
        self.labelled_weight, self.unlabelled_weight, self.objective = labelled_weight, unlabelled_weight, Minimax(real)
        self.generator_steps = generator_steps

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, then the generator."""
        labelled = (Stream("labelled", "labelled"),) if self.labelled_weight else ()
        return (
            Turn({"discriminator": self.loss_of("discriminator")}, (*labelled, Stream("unlabelled"))),
            self.generator_turn(),
        )

    def generator_turn(self) -> Turn:
        """Each of its steps makes as many images as the discriminator just judged."""
        losses = {"generator": self.loss_of("generator")}
        return Turn(losses, (Stream("unlabelled"),), draws=lambda **drawn: [drawn] * self.generator_steps)

    def capabilities(self) -> frozenset[type]:
        """It has features, too; and it classifies, if it sees labels."""
        return super().capabilities() | {Features} | ({Classifies} if self.labelled_weight else set())

    def check_data(self, data: DataSpec) -> None:
        """Refuses, where labels are used, data without them or with another number of classes."""
        super().check_data(data)
        if self.labelled_weight:
            self.check_classes(data)

    def discriminator_loss(self, unlabelled: ImageBatch, labelled: ImageBatch | None = None) -> Tensor:
        """Cross-entropy of the labelled images plus the game's loss of unlabelled and generated ones."""
        _, fake = self.detached_fakes(unlabelled)
        known = [] if labelled is None else [labelled.images]
        *logits, real, generated = self.discriminate(*known, unlabelled.images, fake)
        game = self.objective.discriminator(real.logsumexp(1), generated.logsumexp(1)) / 2  # log Z is the logit of D
        self.meters.log("unlabelled_loss", game)
        loss = self.unlabelled_weight * game
        if labelled is not None:
            supervised = F.cross_entropy(*logits, labelled.labels)
            self.meters.log("labelled_loss", supervised)
            loss = loss + self.labelled_weight * supervised
        return loss

    def generator_loss(self, unlabelled: ImageBatch) -> Tensor:
        """E log(1 - D(G(z))) of as many images as there are unlabelled ones."""
        _, fake = self.make(unlabelled)
        (logits,) = self.discriminate(fake)
        return self.objective.generator(logits.logsumexp(1))

    def discriminate(self, *batches: Tensor) -> tuple[Tensor, ...]:
        """The class logits (B, classes) of each batch of images, in one pass up to the ``head``, which may compare the
        images of a batch."""
        features = self.discriminator.features(torch.cat(batches)).chunk(len(batches))
        return tuple(at_least_float32(self.discriminator.head(f)) for f in features)


@register
class FeatureMatchingGAN(SemiSupervisedGAN):
    """The generator matches the means of the discriminator's features, noise and dropout on.

    Each of its steps draws unlabelled images that the discriminator did not just see.

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
        """Each of its steps draws other images."""
        return Turn({"generator": self.loss_of("generator")}, (Stream("other"),), self.generator_steps)

    def generator_loss(self, other: ImageBatch) -> Tensor:
        """The distance of generated images' features from those of real images that the discriminator did not see."""
        _, fake = self.make(other)
        with torch.no_grad():
            real = self.discriminator.features(other.images)
        return self.matching(real, self.discriminator.features(fake))
