"""Objectives of the two-player game, as functions of the discriminator's logits.

D(x) = sigmoid(logit) is the probability that x is real. Every loss is a mean over the batch and is minimised.
"""

from typing import Protocol

from torch import Tensor
from torch.nn import functional as F

from genzoo.core.registry import register


class Objective(Protocol):
    """What each player minimises."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's loss, given its logits on real (B,) and generated (B',) images."""

    def generator(self, fake: Tensor) -> Tensor:
        """The generator's loss, given the discriminator's logits on its images (B,)."""


@register
class Minimax:
    """The game as the theory has it: D maximises E log D(x) + E log(1 - D(G(z))), G minimises the second term.

    Source: Goodfellow et al. 2014, arXiv 1406.2661, equation 1.

    Example:
        >>> import torch
        >>> Minimax().generator(torch.zeros(1))  # log(1 - 1/2)
        tensor(-0.6931)
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """-E log D(x) - E log(1 - D(G(z)))."""
        return F.softplus(-real).mean() + F.softplus(fake).mean()

    def generator(self, fake: Tensor) -> Tensor:
        """E log(1 - D(G(z))): saturates while the discriminator wins."""
        return -F.softplus(fake).mean()


@register
class NonSaturating(Minimax):
    """As minimax, but G maximises E log D(G(z)): the same fixed point, stronger gradients early on.

    Source: Goodfellow et al. 2014, arXiv 1406.2661, section 3; AdversaryCost2 in goodfeli/adversarial.

    Example:
        >>> import torch
        >>> NonSaturating().generator(torch.zeros(1))  # -log(1/2)
        tensor(0.6931)
    """

    def generator(self, fake: Tensor) -> Tensor:
        """-E log D(G(z))."""
        return F.softplus(-fake).mean()
