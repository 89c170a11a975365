"""Standardisation of vectors by running statistics."""

import torch
from torch import Tensor, nn


class Normaliser(nn.Module):
    """Standardises vectors by the mean and standard deviation of all vectors so far; before any, it is the identity.

    Args:
        size: dimension of the vectors.
        epsilon: added to the standard deviation.

    Source: openai/imitation, policyopt/nn.py (``Standardizer``).

    Example:
        >>> normaliser = Normaliser(1)
        >>> normaliser.update(torch.tensor([[1.0], [3.0]]))
        >>> normaliser(torch.tensor([[4.0]])).round().tolist()
        [[2.0]]
    """

    def __init__(self, size: int, epsilon: float = 1e-6):
        super().__init__()
        self.epsilon = epsilon
        self.register_buffer("count", torch.zeros((), dtype=torch.double))
        self.register_buffer("mean", torch.zeros(size, dtype=torch.double))
        self.register_buffer("square", torch.ones(size, dtype=torch.double))  # mean of the squares

    def update(self, values: Tensor) -> None:
        """Updates the running statistics with vectors (B, size); all vectors so far have the same weight."""
        values = values.detach().to(self.mean)
        self.count += len(values)
        self.mean += (values - self.mean).sum(0) / self.count
        self.square += (values.square() - self.square).sum(0) / self.count

    def scale(self) -> Tensor:
        """The divisor of the vectors (size,): standard deviation plus epsilon, in double precision."""
        return (self.square - self.mean.square()).clamp(min=0).sqrt() + self.epsilon * (self.count > 0)

    def forward(self, values: Tensor) -> Tensor:
        """Standardised vectors (B, size)."""
        return (values - self.mean.to(values.dtype)) / self.scale().to(values.dtype)

    def inverse(self, values: Tensor) -> Tensor:
        """The vectors (B, size) whose standardised values are given."""
        return values * self.scale().to(values.dtype) + self.mean.to(values.dtype)
