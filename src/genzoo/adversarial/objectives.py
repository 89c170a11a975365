"""Objectives of the two-player game, as functions of what the discriminator (critic) says of each image.

It says a real number: for ``Minimax``, ``NonSaturating`` and ``SmoothedLabels`` the logit of the probability D(x)
that x is real, for the others the score D(x) itself. Every loss is a mean over the batch and is minimised.
"""

import math
from typing import Protocol

import torch
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


def check_label(key: str, label: float) -> None:
    """Refuses what is no label of an image that counts as real.

    Raises:
        GenzooError: naming the key.
    """
    if not 0 < label <= 1:
        raise GenzooError(f"{key}={label}: a label above 0 and up to 1 is needed, such as 0.9.")


@register
class Minimax:
    """The game as the theory has it: D maximises E log D(x) + E log(1 - D(G(z))), G minimises the second term.

    Args:
        real: the label α of real images; below 1, labels are smoothed on one side: generated images keep 0, and the
            best D(x) is α p_data / (p_data + p_model).

    Raises:
        GenzooError: α outside (0, 1].

    Source: Goodfellow et al. 2014, arXiv 1406.2661, equation 1; α: Salimans et al. 2016, arXiv 1606.03498, section 3.4.

    Example:
        >>> import torch
        >>> Minimax().generator(torch.zeros(1))  # log(1 - 1/2)
        tensor(-0.6931)
    """

    def __init__(self, real: float = 1.0):
        check_label("model.objective.real", real)
        self.real = real

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """-E [α log D(x) + (1 - α) log(1 - D(x))] - E log(1 - D(G(z)))."""
        loss = F.softplus(-real).mean() + F.softplus(fake).mean()
        return loss if self.real == 1 else loss + (1 - self.real) * real.mean()  # log D - log(1 - D) is the logit

    def generator(self, fake: Tensor) -> Tensor:
        """E log(1 - D(G(z))): saturates while the discriminator wins."""
        return -F.softplus(fake).mean()


@register
class NonSaturating(Minimax):
    """As minimax, but G maximises E log D(G(z)): the same fixed point, stronger gradients early on.

    Args:
        real: the label of real images; see ``Minimax``.

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
class SmoothedLabels(Minimax):
    """As minimax with one-sided label smoothing, but the generator pulls D(G(z)) to a target of its own.

    Pulled to p means KL(p || D), the cross-entropy minus its least value.

    Args:
        real: the label of real images; see ``Minimax``.
        wanted: what the generator wants the discriminator to say of its images, in (0, 1].

    Raises:
        GenzooError: a probability is out of range.

    Source: arXiv 1606.03498, section 3.4; openai/improved-gan, imagenet/build_model.py (0.75, and 0.375 wanted: what
        the discriminator says at equilibrium).

    Example:
        >>> import torch
        >>> SmoothedLabels(wanted=0.5).generator(torch.zeros(1))  # D says 1/2, as wanted
        tensor(0.)
    """

    def __init__(self, real: float = 0.75, wanted: float = 1.0):
        super().__init__(real)
        check_label("model.objective.wanted", wanted)
        self.wanted = wanted

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """E KL(α || D(x)) - E log(1 - D(G(z)))."""
        return super().discriminator(real, fake) - _entropy(self.real)

    def generator(self, fake: Tensor) -> Tensor:
        """E KL(target || D(G(z)))."""
        cross_entropy = F.binary_cross_entropy_with_logits(fake, torch.full_like(fake, self.wanted))
        return cross_entropy - _entropy(self.wanted)


def _entropy(p: float) -> float:
    """In nats, of a Bernoulli law of this probability."""
    return -sum(q * math.log(q) for q in (p, 1 - p) if q)


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
