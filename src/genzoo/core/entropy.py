"""Entropies of categorical distributions."""

import math

from torch import Tensor


def entropy(log_p: Tensor) -> Tensor:
    """The entropies in nats, (...), of log-probabilities (..., K).

    >>> import torch
    >>> entropy(torch.tensor([0.25, 0.75]).log())
    tensor(0.5623)
    """
    return -(log_p.exp() * log_p).sum(-1)


def log_mean(log_p: Tensor) -> Tensor:
    """The logarithm of the mean of distributions, (K,), given their log-probabilities (B, K).

    >>> import torch
    >>> log_mean(torch.tensor([[0.5, 0.5], [0.0, 1.0]]).log()).exp()
    tensor([0.2500, 0.7500])
    """
    return log_p.logsumexp(0) - math.log(len(log_p))
