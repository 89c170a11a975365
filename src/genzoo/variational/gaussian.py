"""Diagonal Gaussians, for priors and for posteriors before any flow."""

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from genzoo.core.randomness import drawing_device


class Gaussian(NamedTuple):
    """Independent Gaussians.

    Args:
        mean, log_std: tensors of the same shape; the methods return elementwise values of that shape.
    """

    mean: Tensor
    log_std: Tensor

    def log_prob(self, z: Tensor) -> Tensor:
        """Returns the log-density in nats."""
        return self.log_prob_of_noise(self.noise_of(z))

    def log_prob_of_noise(self, noise: Tensor) -> Tensor:
        """Returns the log-density of ``at(noise)``; exact also for very small standard deviations."""
        return -0.5 * noise.square() - self.log_std - 0.5 * math.log(2 * math.pi)

    def kl(self, other: "Gaussian") -> Tensor:
        """Returns KL(self || other) in nats.

        Source: Kingma, Welling 2013, arXiv 1312.6114, appendix B, for a standard normal ``other``.

        >>> standard = Gaussian(torch.zeros(1), torch.zeros(1))
        >>> Gaussian(torch.ones(1), torch.zeros(1)).kl(standard)
        tensor([0.5000])
        """
        ratio = self.log_std - other.log_std
        distance = ((self.mean - other.mean) * torch.exp(-other.log_std)).square()
        return 0.5 * (torch.exp(2 * ratio) + distance - 1) - ratio

    def at(self, noise: Tensor) -> Tensor:
        """Returns the value for standard normal noise: mean + std * noise."""
        return self.mean + self.log_std.exp() * noise

    def noise_of(self, z: Tensor) -> Tensor:
        """Returns the standard normal noise of a value: the inverse of ``at``."""
        return (z - self.mean) * torch.exp(-self.log_std)


def check_standard_normal(latent: Latent) -> None:
    """Checks that all parts of a prior are standard normal.

    Raises:
        GenzooError: one is not; names it.
    """
    for name, part in latent.parts.items():
        if not isinstance(part, Normal) or part.std != 1:
            raise GenzooError(
                f"model.latent.{name}: the prior of this model is standard normal; use genzoo.core.latent.Normal "
                "with std=1."
            )


def standard(like: Tensor) -> Gaussian:
    """Returns the standard normal distribution of a tensor's shape."""
    return Gaussian(torch.zeros_like(like), torch.zeros_like(like))


def standard_noise(like: Tensor, generator: Generator | None = None) -> Tensor:
    """Draws standard normal noise of a tensor's shape, float32.

    It is drawn on the generator's device, so that a seed gives the same noise on every device.
    """
    device = drawing_device(generator, like.device)
    return torch.randn(like.shape, generator=generator, device=device).to(like.device)
