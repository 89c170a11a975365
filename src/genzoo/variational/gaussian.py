"""Diagonal Gaussians: priors, and what posteriors start from."""

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor


class Gaussian(NamedTuple):
    """Independent Gaussians.

    Args:
        mean, log_std: of one shape; what the methods give is elementwise, of that shape.
    """

    mean: Tensor
    log_std: Tensor

    def log_prob(self, z: Tensor) -> Tensor:
        """Log-density in nats."""
        return self.log_prob_of_noise(self.noise_of(z))

    def log_prob_of_noise(self, noise: Tensor) -> Tensor:
        """That of the value that standard normal noise stands for, exact where the standard deviation is tiny, too."""
        return -0.5 * noise.square() - self.log_std - 0.5 * math.log(2 * math.pi)

    def kl(self, other: "Gaussian") -> Tensor:
        """KL(self || other) in nats.

        Source: Kingma, Welling 2013, arXiv 1312.6114, appendix B, for a standard normal ``other``.

        >>> standard = Gaussian(torch.zeros(1), torch.zeros(1))
        >>> Gaussian(torch.ones(1), torch.zeros(1)).kl(standard)
        tensor([0.5000])
        """
        ratio = self.log_std - other.log_std
        distance = ((self.mean - other.mean) * torch.exp(-other.log_std)).square()
        return 0.5 * (torch.exp(2 * ratio) + distance - 1) - ratio

    def at(self, noise: Tensor) -> Tensor:
        """The value that standard normal noise stands for: mean + std noise."""
        return self.mean + self.log_std.exp() * noise

    def noise_of(self, z: Tensor) -> Tensor:
        """The standard normal noise that stands for a value: the inverse of ``at``."""
        return (z - self.mean) * torch.exp(-self.log_std)


def standard(like: Tensor) -> Gaussian:
    """The standard normal, of a tensor's shape."""
    return Gaussian(torch.zeros_like(like), torch.zeros_like(like))


def standard_noise(like: Tensor, generator: Generator | None = None) -> Tensor:
    """Standard normal noise of a tensor's shape, float32; drawn where the generator lives, so that one seed gives the
    same everywhere.
    """
    device = like.device if generator is None else generator.device
    return torch.randn(like.shape, generator=generator, device=device).to(like.device)
