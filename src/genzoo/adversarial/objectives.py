"""Objectives of the two-player game, as functions of what the discriminator (critic) says of each image.

It says a real number: for ``Minimax``, ``NonSaturating`` and ``SmoothedLabels`` the logit of the probability D(x)
that x is real, for the others the score D(x) itself. Every loss is a mean over the batch and is minimised.
"""

import math
from typing import Protocol

from torch import Tensor
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


class Objective(Protocol):
    """What each player minimises."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's loss, given its outputs on real (B,) and generated (B',) images."""

    def generator(self, fake: Tensor) -> Tensor:
        """The generator's loss, given the discriminator's outputs on its images (B,)."""


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


@register
class SmoothedLabels:
    """One-sided label smoothing: D(x) is pulled to α, not to 1, D(G(z)) to 0, and by the generator to its own target.

    Pulled to p means KL(p || D), the cross-entropy minus its least value. With real images at α the discriminator
    cannot win by being sure, and at equilibrium it says α / 2.

    Args:
        real: α, in (0, 1].
        wanted: what the generator wants the discriminator to say of its images, in (0, 1].

    Source: arXiv 1606.03498, section 3.4; openai/improved-gan, imagenet/build_model.py (0.75, and 0.375 wanted).

    Example:
        >>> import torch
        >>> SmoothedLabels(wanted=0.5).generator(torch.zeros(1))  # D says 1/2, as wanted
        tensor(0.)
    """

    def __init__(self, real: float = 0.75, wanted: float = 1.0):
        for key, value in (("real", real), ("wanted", wanted)):
            if not 0 < value <= 1:
                raise GenzooError(f"model.objective.{key}={value}: a probability above 0 and up to 1 is needed.")
        self.real, self.wanted = real, wanted

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """E KL(α || D(x)) - E log(1 - D(G(z)))."""
        return _divergence(self.real, real) + F.softplus(fake).mean()

    def generator(self, fake: Tensor) -> Tensor:
        """E KL(target || D(G(z)))."""
        return _divergence(self.wanted, fake)


def _divergence(target: float, logits: Tensor) -> Tensor:
    """Mean KL divergence of Bernoulli laws: of the one of this probability from those of these logits."""
    entropy = -sum(p * math.log(p) for p in (target, 1 - target) if p)
    return F.binary_cross_entropy_with_logits(logits, logits.new_full(logits.shape, target)) - entropy


@register
class LeastSquares:
    """Each player pulls the discriminator's scores to target values.

    Args:
        fake, real: what the discriminator wants generated and real images to score (the paper's a and b).
        wanted: what the generator wants its images to score (the paper's c).

    Source: Mao et al. 2017, arXiv 1611.04076, equations 2, 8 (-1, 1, 0: Pearson's χ²) and 9 (0, 1, 1).

    Example:
        >>> import torch
        >>> LeastSquares().generator(torch.zeros(1))  # (0 - 1)² / 2
        tensor(0.5000)
    """

    def __init__(self, fake: float = 0.0, real: float = 1.0, wanted: float = 1.0):
        self.fake, self.real, self.wanted = fake, real, wanted

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """E (D(x) - b)² / 2 + E (D(G(z)) - a)² / 2."""
        return (real - self.real).square().mean() / 2 + (fake - self.fake).square().mean() / 2

    def generator(self, fake: Tensor) -> Tensor:
        """E (D(G(z)) - c)² / 2."""
        return (fake - self.wanted).square().mean() / 2


class _Score:
    """The generator raises its images' mean score."""

    def generator(self, fake: Tensor) -> Tensor:
        """-E D(G(z))."""
        return -fake.mean()


@register
class Wasserstein(_Score):
    """The critic's loss is minus its estimate of the Wasserstein distance, if a penalty or clipping keeps it Lipschitz.

    Source: Arjovsky, Chintala, Bottou 2017, arXiv 1701.07875, equation 2 and algorithm 1.

    Example:
        >>> import torch
        >>> Wasserstein().discriminator(real=torch.tensor([3.0]), fake=torch.tensor([1.0]))
        tensor(-2.)
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """E D(G(z)) - E D(x)."""
        return fake.mean() - real.mean()


@register
class Hinge(_Score):
    """The discriminator moves scores out of the margin (-1, 1) only.

    Source: Miyato et al. 2018, arXiv 1802.05957, equations 16 and 17.

    Example:
        >>> import torch
        >>> Hinge().discriminator(real=torch.tensor([0.5]), fake=torch.tensor([-3.0]))
        tensor(0.5000)
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """E max(0, 1 - D(x)) + E max(0, 1 + D(G(z)))."""
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
