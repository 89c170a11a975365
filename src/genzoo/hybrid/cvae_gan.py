"""CVAE-GAN: a conditional VAE/GAN with a classifier, whose generator matches features instead of deceiving."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.networks.base import ClassDiscriminator, FeatureDiscriminator, check_shape
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Classifies
from genzoo.core.checks import check_weights
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.precision import at_least_float32
from genzoo.core.protocols import check_network
from genzoo.core.registry import register
from genzoo.core.rounds import Turn
from genzoo.hybrid.class_means import ClassMeans
from genzoo.hybrid.conditional_game import ConditionalVariationalGame
from genzoo.hybrid.variational_game import Drawn
from genzoo.nn.matching import MeanSquared


@register
class CVAEGAN(ConditionalVariationalGame):
    """Encoder and generator are given the class; a discriminator D and a classifier C learn by cross-entropies, and the
    generator only by distances of pixels and of their features f_D and f_C (asymmetric training).

    With z ~ q(z|x, y), x̃ the image of (z, y), z_p ~ N(0, 1), x_p the image of (z_p, y):

        L_D  = -log D(x) - log(1 - D(x̃)) - log(1 - D(x_p)),   L_C = -log C_y(x)
        L_G  = ½ (|x - x̃|² + |f_D(x) - f_D(x̃)|² + |f_C(x) - f_C(x̃)|²), of pairs
        L_GD = ½ |E f_D(x) - E f_D(x_p)|²
        L_GC = ½ Σ_c |m_c - E_c f_C(x_p)|², with E_c the batch's mean of class c and m_c the moving one of f_C(x)

    D minimises L_D, C minimises L_C, the encoder λ_KL KL(q(z|x, y) || p(z)) + λ_G L_G, and the generator λ_G L_G +
    λ_GD L_GD + λ_GC L_GC. A last turn moves the means m_c.

    Args:
        classifier: maps images to logits (B, classes), by a linear ``head`` on ``features``.
        class_means: factory of the means m_c, called with ``features`` and ``classes``.
        kl_weight, pair_weight, mean_weight, class_mean_weight: λ_KL, λ_G, λ_GD and λ_GC.
        kwargs: of ``ConditionalVariationalGame``.

    Raises:
        GenzooError: the networks do not fit each other, the classes or the prior, or a weight is negative.

    Source: Bao et al. 2017, arXiv 1703.10155, algorithm 1 (its formulas are unverified).
    """

    needs = FeatureDiscriminator
    accumulates = False  # means are computed over whole batches

    def __init__(
        self,
        classifier: nn.Module,
        class_means: Callable[..., ClassMeans],
        kl_weight: float,
        pair_weight: float,
        mean_weight: float,
        class_mean_weight: float,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.weights = {"kl": kl_weight, "pair": pair_weight, "mean": mean_weight, "class_mean": class_mean_weight}
        check_weights(self.weights)
        check_network(classifier, ClassDiscriminator, "model.classifier")
        check_shape(classifier, self.image_shape, "model.classifier")
        if classifier.classes != self.classes:
            raise GenzooError(
                f"model.classifier.classes={classifier.classes}: model.latent.label has {self.classes} categories; use "
                "the number of the data's classes."
            )
        self.classifier = classifier
        self.class_means = class_means(features=classifier.head.in_features, classes=self.classes)

    def players(self) -> dict[str, list[nn.Module]]:
        """The classifier, too."""
        return super().players() | {"classifier": [self.classifier]}

    def turns(self) -> tuple[Turn, ...]:
        """One turn of all players, then the update of the means."""
        return (*super().turns(), Turn({}, (self.real_stream(),), draws=self.move_means))

    def capabilities(self) -> frozenset[type]:
        """It classifies, too."""
        return super().capabilities() | {Classifies}

    def described(self, images: Tensor) -> list[Tensor]:
        """The pixels of images (B, C, H, W), f_D and f_C, each (B, F)."""
        parts = (images.flatten(1), self.discriminator.features(images), self.classifier.features(images))
        return [at_least_float32(part) for part in parts]

    def pair_error(self, real: ImageBatch, rebuilt: Tensor) -> Tensor:
        """L_G of reconstructions (B, C, H, W): sums over pixels and features, a mean over images."""
        with torch.no_grad():
            wanted = self.described(real.images)
        pairs = zip(self.described(rebuilt), wanted, strict=True)
        return torch.stack([(found - target).square().sum(1).mean() for found, target in pairs]).sum() / 2

    def discriminator_loss(self, real: ImageBatch, made: Drawn) -> Tensor:
        """L_D; each kind of image passes D on its own, with its own batch statistics."""
        fakes = (made.reconstructed.detach(), made.generated.detach())
        of_real, *of_fakes = (at_least_float32(self.discriminator(images)) for images in (real.images, *fakes))
        return F.softplus(-of_real).mean() + torch.stack([F.softplus(logits).mean() for logits in of_fakes]).sum()

    def classifier_loss(self, real: ImageBatch, made: Drawn) -> Tensor:
        """L_C."""
        return F.cross_entropy(at_least_float32(self.classifier(real.images)), real.labels)

    def encoder_loss(self, real: ImageBatch, made: Drawn) -> Tensor:
        """λ_KL KL + λ_G L_G."""
        kl = self.divergence(made.posterior).sum(1).mean()
        return self.weighted(kl=kl, pair=self.pair_error(real, self.generator(made.codes)))

    def generator_loss(self, real: ImageBatch, made: Drawn) -> Tensor:
        """λ_G L_G + λ_GD L_GD + λ_GC L_GC."""
        with torch.no_grad():
            wanted = self.discriminator.features(real.images)
        _, of_d, of_c = self.described(made.generated)
        pair, class_mean = self.pair_error(real, made.reconstructed), self.class_means.distance(of_c, real.labels)
        mean = MeanSquared()(wanted, of_d) * of_d.shape[1] / 2  # there a mean over features
        return self.weighted(pair=pair, mean=mean, class_mean=class_mean)

    def move_means(self, real: ImageBatch) -> Iterable[dict[str, Any]]:
        """Moves m_c by f_C of real images; yields nothing, so no player steps."""
        with torch.no_grad():
            self.class_means.update(self.classifier.features(real.images), real.labels)
        return ()

    @in_inference
    def classify(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, C, H, W) in [-1, 1]."""
        return self.classifier(images)

    @in_inference
    def features(self, images: Tensor) -> Tensor:
        """The classifier's ``features`` f_C (B, F) of images (B, C, H, W) in [-1, 1]."""
        return self.classifier.features(images)

    @in_inference
    def encode(self, images: Tensor) -> Tensor:
        """The codes (B, latent.width) of the classifier's class of each image and the mean of q(z|x, y) for it."""
        labels = self.classify(images).argmax(1)
        return self.code_of(self.infer(images, labels).mean, labels)
