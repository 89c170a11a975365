"""LabelGAN and AM-GAN: the discriminator classifies images as one of K classes or as generated."""

from typing import Any

from torch import Tensor
from torch.nn import functional as F

from genzoo.adversarial.classifier import ClassifyingDiscriminator
from genzoo.adversarial.game import Game
from genzoo.adversarial.networks import base
from genzoo.adversarial.rounds import Made
from genzoo.adversarial.targets import Target
from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.capabilities import Classifies, Features
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register


def with_generated(logits: Tensor) -> Tensor:
    """The logits (B, K + 1) of the K classes and of "generated", whose logit is 0.

    Example:
        >>> import torch
        >>> with_generated(torch.tensor([[1.0, 2.0]]))
        tensor([[1., 2., 0.]])
    """
    return F.pad(logits, (0, 1))


@register
class LabelGAN(ClassifyingDiscriminator, Game):
    """The discriminator has the probabilities D_1 .. D_K of the classes and D_(K+1) of "generated", whose logit is 0.

    It minimises -E log D_y(x) - E log D_(K+1)(G(z)), the generator -E log Σ_(k≤K) D_k(G(z)). All real images are
    labelled.

    Args:
        kwargs: of ``Game``. The discriminator maps images to logits (B, K).

    Raises:
        GenzooError: the discriminator has no logit.

    Source: Salimans et al. 2016, arXiv 1606.03498, section 5, as named and written in Zhou et al. 2018,
        arXiv 1703.02000.
    """

    needs = base.ClassDiscriminator
    pool = "labelled"

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.check_logits()

    def capabilities(self) -> frozenset[type]:
        """It classifies and has features, too."""
        return super().capabilities() | {Classifies, Features}

    def check_data(self, data: DataSpec) -> None:
        """Raises a GenzooError, too, for data with another number of classes, or without labels."""
        super().check_data(data)
        self.check_classes(data)

    def logits(self, images: Tensor) -> Tensor:
        """The logits (B, K + 1) of images, the last of which is that of "generated"."""
        return with_generated(at_least_float32(self.discriminator(images)))

    def discriminator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """-E log D_y(x) - E log D_(K+1)(G(z)), in separate passes, with separate batch statistics."""
        _, fake = self.detached_fakes(real, made)
        labelled = F.cross_entropy(self.logits(real.images), real.labels)
        generated = self.logits(fake)
        detected = -generated.log_softmax(1)[:, -1].mean()
        self.meters.log("labelled_loss", labelled)
        self.meters.log("generated_loss", detected)
        return labelled + detected

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """-E log Σ_(k≤K) D_k(G(z)) of as many generated images as real ones."""
        _, fake = made or self.make(real)
        logits = self.logits(fake)
        return F.softplus(-logits[:, :-1].logsumexp(1)).mean()  # log Σ exp l_k is the logit of "real"


@register
class AMGAN(LabelGAN):
    """LabelGAN whose generator minimises the cross-entropy to a target class of each image (activation maximisation).

    Args:
        target: chooses the class of each generated image.
        kwargs: of ``LabelGAN``.

    Raises:
        GenzooError: the latent code does not determine the target.

    Source: Zhou et al. 2018, arXiv 1703.02000, the AM-GAN objective.
    """

    def __init__(self, target: Target, **kwargs: Any):
        super().__init__(**kwargs)
        target.check(self.latent, self.discriminator.classes)
        self.target = target

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """-E log D_c(G(z)), where c is the target class of each image."""
        z, fake = made or self.make(real)
        logits = self.logits(fake)
        return F.cross_entropy(logits, self.target(logits[:, :-1].detach(), self.latent.split(z)))
