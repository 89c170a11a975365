"""The GAN of improved-gan with K + 1 classes: K real ones, and the last one is "generated"."""

from typing import Any

from torch import Tensor
from torch.nn import functional as F

from genzoo.adversarial.game import Game
from genzoo.adversarial.networks import base
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.nn.objectives import Objective


@register
class LabelGAN(Game):
    """The discriminator classifies images as one of K real classes or "generated"; the generator is unconditional.

    From the discriminator's K + 1 logits l, the logit of "real" is log Σ exp(l_1 .. l_K) - l_(K+1), the input of the
    objective. The discriminator's loss also contains the cross-entropy of the real images' classes among all K + 1.
    ``class_loss`` and ``class_error`` (fraction of misclassified real images of the training batch) are logged. Without
    classes (K = 0) there are two logits and no cross-entropy.

    With classes, real images are drawn from the labelled ones.

    The model does not implement ``classify``, because the discriminator needs real and generated images together.

    Args:
        objective: the adversarial losses of both players.
        kwargs: of ``Game``; the discriminator maps real and generated images to logits (B, K + 1) of each, and has
            ``classes``: K, or 0 or None.

    Source: Salimans et al. 2016, arXiv 1606.03498, sections 5 and 6.4; openai/improved-gan, imagenet/build_model.py.
        The name is that of Zhou et al. 2018, arXiv 1703.02000.
    """

    needs = base.JointDiscriminator

    def __init__(self, objective: Objective, **kwargs: Any):
        super().__init__(**kwargs)
        self.objective = objective
        self.classes = self.discriminator.classes
        if self.classes:
            self.pool = "labelled"

    def check_data(self, data: DataSpec) -> None:
        """Raises a GenzooError, too, unless the discriminator has the data's number of classes, or 0."""
        super().check_data(data)
        if self.classes != 0 and (self.classes or 0) != data.classes:
            raise GenzooError(
                f"data={data.name} has {data.classes} classes, but model.discriminator.classes={self.classes}; "
                f"use model.discriminator.classes={data.classes}, or 0 to leave classes out."
            )

    def discriminate(self, real: ImageBatch, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, K + 1) of real images and of equally many generated ones."""
        of_real, of_fake = self.discriminator(real.images, fake)
        return at_least_float32(of_real), at_least_float32(of_fake)

    def discriminator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The objective plus the cross-entropy of the real images' classes."""
        _, fake = self.detached_fakes(real, made)
        of_real, of_fake = self.discriminate(real, fake)
        loss = self.objective.discriminator(is_real(of_real), is_real(of_fake))
        if not self.classes:
            return loss
        class_loss = F.cross_entropy(of_real, real.labels)
        self.meters.log("class_loss", class_loss)
        self.meters.log("class_error", (of_real.argmax(1) != real.labels).float().mean())
        return loss + class_loss

    def generator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The objective on generated images, which the discriminator maps together with the real ones."""
        _, fake = made or self.make(real)
        _, of_fake = self.discriminate(real, fake)
        return self.objective.generator(is_real(of_fake))


def is_real(logits: Tensor) -> Tensor:
    """The logit of "real" (B,), from logits (B, K + 1) of K real classes and "generated".

    >>> import torch
    >>> is_real(torch.tensor([[0.0, 0.0, 0.0]])).sigmoid()  # two of three equally likely classes are real
    tensor([0.6667])
    """
    return logits[:, :-1].logsumexp(1) - logits[:, -1]
