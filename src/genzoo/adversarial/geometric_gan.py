"""Geometric GAN: the discriminator is a support vector machine in the space of its features."""

from typing import Any

from torch import Tensor

from genzoo.adversarial.gan import GAN
from genzoo.adversarial.networks import base
from genzoo.adversarial.rounds import Made
from genzoo.core.batches import ImageBatch
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


@register
class GeometricGAN(GAN):
    """The hinge objective plus the squared norm of the last layer's weights: a soft-margin support vector machine.

    The discriminator minimises ‖w‖² / (2 C n) + E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))), where D = <w, Φ> + b, the
    ``head`` on the ``features`` Φ, and n is the number of real images per batch: the primal problem of the machine that
    separates real from generated features, divided by C n. Only the support vectors, which are the images
    inside the margin, have a gradient. The generator moves its features along w, the normal of the separating
    hyperplane: it minimises -E D(G(z)).

    Args:
        examples: n, of all ranks.
        slack_cost: C, the cost of an image inside the margin.
        kwargs: of ``GAN``, with the objective ``Hinge``.

    Raises:
        GenzooError: n or C is not positive.

    Source: Lim, Ye 2017, arXiv 1705.02894, equations 10 to 13; lim0606/pytorch-geometric-gan, main.py (C = 1).
    """

    needs = base.FeatureDiscriminator

    def __init__(self, examples: int, slack_cost: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        check_positive("model.examples", examples)
        if not slack_cost > 0:
            raise GenzooError(f"model.slack_cost={slack_cost}: a positive number is needed, such as 1.")
        self.head_decay = 1 / (slack_cost * examples)

    def discriminator_loss(self, real: ImageBatch, made: Made | None = None) -> Tensor:
        """The objective, its penalties and ‖w‖² / (2 C n)."""
        norm = self.discriminator.head.weight.square().sum()
        return super().discriminator_loss(real, made) + self.head_decay / 2 * norm
