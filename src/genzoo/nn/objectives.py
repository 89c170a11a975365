"""Objectives of the two-player game, as functions of the discriminator's (critic's) output for each image.

The output is a real number: for ``Minimax``, ``NonSaturating`` and ``SmoothedLabels`` the logit of the probability
D(x) that x is real, for the others the score D(x). Every loss is a mean over the batch and is minimised.
"""

import math
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


class Objective(Protocol):
    """The losses of both players."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's loss, given its outputs on real (B,) and generated (B',) images."""

    def generator(self, fake: Tensor) -> Tensor:
        """The generator's loss, given the discriminator's outputs on its images (B,)."""


class RelativeObjective:
    """Base class of objectives in which the generator's loss, too, depends on the outputs on real images."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's loss, given its outputs on real (B,) and generated (B',) images."""
        raise NotImplementedError

    def generator(self, fake: Tensor, real: Tensor) -> Tensor:
        """The generator's loss, given the discriminator's outputs on generated (B',) and real (B,) images.

        No gradient flows through ``real``.
        """
        raise NotImplementedError


def is_zero_sum(objective: Objective | RelativeObjective) -> bool:
    """Whether the gradients of both players' losses by the outputs on generated images are opposite.

    >>> is_zero_sum(Minimax()), is_zero_sum(NonSaturating())
    (True, False)
    """
    if isinstance(objective, RelativeObjective):
        return False
    fake = torch.tensor([-1.5, 0.0, 0.5, 2.0], requires_grad=True)
    total = objective.discriminator(fake.detach(), fake) + objective.generator(fake)
    return torch.allclose(torch.autograd.grad(total, fake)[0], torch.zeros(4), atol=1e-6)


def check_label(key: str, label: float) -> None:
    """Checks the label of real images, a probability above 0.

    Raises:
        GenzooError: it is outside (0, 1]; names the key.
    """
    if not 0 < label <= 1:
        raise GenzooError(f"{key}={label}: a label above 0 and up to 1 is needed, such as 0.9.")


@register
class Minimax:
    """The minimax game: D maximises E log D(x) + E log(1 - D(G(z))), G minimises the second term.

    Args:
        real: the label α of real images. A label below 1 is one-sided label smoothing: the label of generated images
            stays 0, and the optimal D(x) is α p_data / (p_data + p_model).

    Raises:
        GenzooError: α is outside (0, 1].

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
        """E log(1 - D(G(z))), which saturates where the discriminator rejects generated images with confidence."""
        return -F.softplus(fake).mean()


@register
class NonSaturating(Minimax):
    """Like minimax, but G maximises E log D(G(z)): the same fixed point, stronger gradients early in training.

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
    """Minimax with one-sided label smoothing, where the generator has a target probability for D(G(z)).

    The loss for a target p is KL(p || D), the cross-entropy minus its minimum.

    Args:
        real: the label of real images; see ``Minimax``.
        wanted: the generator's target for D(G(z)), in (0, 1].

    Raises:
        GenzooError: a probability is out of range.

    Source: arXiv 1606.03498, section 3.4; openai/improved-gan, imagenet/build_model.py (real 0.75 and wanted 0.375,
        which is D at equilibrium).

    Example:
        >>> import torch
        >>> SmoothedLabels(wanted=0.5).generator(torch.zeros(1))  # D = 1/2, the target
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
    """Entropy of a Bernoulli distribution of probability p, in nats."""
    return -sum(q * math.log(q) for q in (p, 1 - p) if q)


@register
class ReverseKL(Minimax):
    """G minimises KL[q || p] of its distribution q from that of the data p, if D is optimal.

    Args:
        real: the label of real images; see ``Minimax``.

    Source: Sønderby et al. 2017, arXiv 1610.04490, section 3, whose equation 10 has the opposite sign.

    Example:
        >>> import torch
        >>> ReverseKL().generator(torch.tensor([2.0]))  # log q - log p
        tensor(-2.)
    """

    def generator(self, fake: Tensor) -> Tensor:
        """E log (1 - D(G(z))) / D(G(z)), which is minus the mean logit."""
        return -fake.mean()


@register
class LeastSquares:
    """Squared differences between the discriminator's scores and each player's target scores.

    Args:
        fake, real: the discriminator's targets for generated and real images (the paper's a and b).
        wanted: the generator's target for generated images (the paper's c).

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
    """The generator maximises the mean score of its images."""

    def generator(self, fake: Tensor) -> Tensor:
        """-E D(G(z))."""
        return -fake.mean()


@register
class Wasserstein(_Score):
    """The critic's loss: minus its estimate of the Wasserstein distance, if a penalty or clipping keeps it Lipschitz.

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
    """Hinge loss: the discriminator's gradient is 0 for real scores above 1 and generated scores below -1.

    Source: Miyato et al. 2018, arXiv 1802.05957, equations 16 and 17.

    Example:
        >>> import torch
        >>> Hinge().discriminator(real=torch.tensor([0.5]), fake=torch.tensor([-3.0]))
        tensor(0.5000)
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """E max(0, 1 - D(x)) + E max(0, 1 + D(G(z)))."""
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


@register
class BoundarySeeking(Minimax):
    """G moves its images to the discriminator's decision boundary, D(G(z)) = 1/2; for continuous images.

    Args:
        real: the label of real images; see ``Minimax``.

    Source: Hjelm et al. 2018, arXiv 1702.08431, section 2.4: log D - log(1 - D) is the logit.

    Example:
        >>> import torch
        >>> BoundarySeeking().generator(torch.tensor([2.0, -2.0]))  # 2² / 2
        tensor(2.)
    """

    def generator(self, fake: Tensor) -> Tensor:
        """E (log D(G(z)) - log(1 - D(G(z))))² / 2."""
        return fake.square().mean() / 2
