"""Coefficients of the score-function gradient of a generator of discrete images.

The generator's gradient for a code is the sum over m of c_m ∇ log g(x_m), where x_1 .. x_M are drawn from g given the
code and c_m depends on the discriminator's logits F(x_1) .. F(x_M). With the optimal discriminator, e^F is the ratio of
the densities of data and generator.
"""

import math
from typing import Protocol

from torch import Tensor

from genzoo.core.registry import register


class Credit(Protocol):
    """Maps logits F (M, B) of M images per code to the coefficients c (M, B)."""

    def __call__(self, logits: Tensor) -> Tensor:
        """The coefficients, of the same shape."""
        ...


@register
class ImportanceWeights:
    """c_m = e^F(x_m) / Σ e^F(x_k): normalised importance weights, which sum to 1 and ignore a constant added to F.

    The gradient is an estimate of -∇ KL(p || g), where p is proportional to g e^F.

    Source: Hjelm et al. 2018, arXiv 1702.08431, the gradient of boundary-seeking GANs on discrete data; rdevon/BGAN,
        lib/loss.py (binary_BGAN).

    Example:
        >>> import torch
        >>> ImportanceWeights()(torch.tensor([[0.0], [1.0986]]))  # 1 : 3
        tensor([[0.2500],
                [0.7500]])
    """

    def __call__(self, logits: Tensor) -> Tensor:
        """Weights (M, B)."""
        return logits.softmax(0)


@register
class Reinforce:
    """c_m = (F(x_m) - log β - 1) / M with log β = log 1/M Σ e^F(x_k): the reward of REINFORCE.

    The gradient is an estimate of -∇ KL(g || p), where p is proportional to g e^F. Its constant -1 has the mean 0 and
    changes the variance only.

    Source: arXiv 1702.08431, the REINFORCE variant; rdevon/BGAN, lib/loss.py (IDB), where log β is a running mean.

    Example:
        >>> import torch
        >>> Reinforce()(torch.zeros(2, 1))
        tensor([[-0.5000],
                [-0.5000]])
    """

    def __call__(self, logits: Tensor) -> Tensor:
        """Rewards divided by M, (M, B)."""
        log_beta = logits.logsumexp(0) - math.log(len(logits))
        return (logits - log_beta - 1) / len(logits)
