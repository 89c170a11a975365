"""Approximate posteriors q(c|x) over parts of a latent code, given as network outputs."""

import math
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.registry import register


class Posterior(Protocol):
    """A family of distributions over a part's value (B, size), with parameters (B, parameters(size))."""

    def parameters(self, size: int) -> int:
        """Returns the number of network outputs."""

    def log_prob(self, value: Tensor, parameters: Tensor) -> Tensor:
        """Log-density or log-probability in nats, (B,)."""

    def mean(self, parameters: Tensor) -> Tensor:
        """Its mean, (B, size)."""


@register
class CategoricalPosterior:
    """A softmax over categories; values are one-hot.

    Example:
        >>> CategoricalPosterior().log_prob(torch.eye(4)[:1], torch.zeros(1, 4)).exp()
        tensor([0.2500])
    """

    def parameters(self, size: int) -> int:
        """One logit per category."""
        return size

    def log_prob(self, value: Tensor, parameters: Tensor) -> Tensor:
        """Log-probability of one-hot values, (B,)."""
        return (F.log_softmax(parameters, 1) * value).sum(1)

    def mean(self, parameters: Tensor) -> Tensor:
        """Probabilities, (B, size)."""
        return F.softmax(parameters, 1)


@register
class GaussianPosterior:
    """Independent Gaussians; the network gives means and logarithms of standard deviations.

    Args:
        fixed_std: a standard deviation that replaces the network's (whose outputs are then ignored), or None.

    Example:
        >>> q = GaussianPosterior(fixed_std=1.0)
        >>> round(q.log_prob(torch.zeros(1, 2), torch.zeros(1, 4)).item(), 4), round(-math.log(2 * math.pi), 4)
        (-1.8379, -1.8379)
    """

    def __init__(self, fixed_std: float | None = None):
        self.fixed_std = fixed_std

    def parameters(self, size: int) -> int:
        """One mean and one log standard deviation per dimension."""
        return 2 * size

    def log_prob(self, value: Tensor, parameters: Tensor) -> Tensor:
        """Log-density, (B,)."""
        mean, log_std = parameters.chunk(2, 1)
        if self.fixed_std is not None:
            log_std = torch.full_like(mean, math.log(self.fixed_std))
        return (-0.5 * ((value - mean) * torch.exp(-log_std)) ** 2 - log_std - 0.5 * math.log(2 * math.pi)).sum(1)

    def mean(self, parameters: Tensor) -> Tensor:
        """Means, (B, size)."""
        return parameters.chunk(2, 1)[0]
