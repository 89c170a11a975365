"""pix2pix: translation by a conditional GAN and an absolute error."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from genzoo.core.checks import check_weights
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register
from genzoo.nn.objectives import Objective
from genzoo.translation.regression import Regression


@register
class Pix2Pix(Regression):
    """A discriminator judges each patch of a translation, given the source image.

    With the objective's losses of the logits D(x, ·) of all patches:

        the discriminator minimises    L_D(D(x, y), D(x, G(x))),
        the generator                  λ_adv L_G(D(x, G(x))) + λ mean |y - G(x)|.

    Both use one translation, and the discriminator moves first.

    Args:
        discriminator: factory of D, called with ``inputs``, the number of its input channels.
        objective: the losses of both players.
        conditional: whether D sees x; if not, it judges y or G(x) alone.
        distance_weight, adversarial_weight: λ and λ_adv.
        kwargs: of ``Regression``; the players are ``discriminator`` and ``generator``.

    Raises:
        GenzooError: a weight is negative.

    Source: Isola et al. 2017, arXiv 1611.07004, equations 1 to 4; phillipi/pix2pix, train.lua.
    """

    def __init__(
        self,
        discriminator: Callable[..., nn.Module],
        objective: Objective,
        conditional: bool = True,
        distance_weight: float = 100.0,
        adversarial_weight: float = 1.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.weights = {"distance": distance_weight, "adversarial": adversarial_weight}
        check_weights(self.weights)
        self.objective, self.conditional = objective, conditional
        self.discriminator = discriminator(inputs=self.pairs.target[0] + conditional * self.pairs.source[0])

    def players(self) -> dict[str, list[nn.Module]]:
        """The discriminator and the generator."""
        return {"discriminator": [self.discriminator], **super().players()}

    def judge(self, x: Tensor, y: Tensor) -> Tensor:
        """Logits (B, h, w) of the patches of y (B, C', H, W), given x (B, C, H, W)."""
        return at_least_float32(self.discriminator(torch.cat([x, y], 1) if self.conditional else y))

    def discriminator_loss(self, x: Tensor, y: Tensor, translated: Tensor) -> Tensor:
        """The objective's loss of the discriminator, a mean over patches and images."""
        return self.objective.discriminator(self.judge(x, y), self.judge(x, translated.detach()))

    def generator_loss(self, x: Tensor, y: Tensor, translated: Tensor) -> Tensor:
        """The objective's loss of the generator, and the distance of its images from the targets."""
        adversarial = self.objective.generator(self.judge(x, translated))
        distance = self.distance(y, translated)
        self.meters.log("distance", distance.detach())
        return self.weights["adversarial"] * adversarial + self.weights["distance"] * distance
