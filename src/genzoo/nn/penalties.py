"""Penalties on the critic's gradient with respect to its input.

A penalty computes the gradient of each image's output in float32 and is itself differentiated, which ``torch.compile``
does not support. It is well defined only if the output for an image does not depend on other images of the batch.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register

Critic = Callable[[Tensor], Tensor]


class Penalty(Protocol):
    """A term of the critic's loss."""

    def __call__(self, critic: Critic, real: Tensor, fake: Tensor) -> Tensor:
        """The penalty, a scalar.

        Args:
            critic: images (B, C, H, W) -> outputs (B,).
            real, fake: equal numbers of real and generated images (B, C, H, W).
        """


class _Weighted:
    def __init__(self, weight: float = 10.0):
        if weight <= 0:
            raise GenzooError(f"model.penalties: weight={weight}: a positive number is needed; or remove the penalty.")
        self.weight = weight


@register
class GradientPenalty(_Weighted):
    """λ E (‖∇D(x̂)‖ - 1)² at points x̂ drawn uniformly between real and generated images, one point per pair.

    The norm is over all dimensions of an image.

    Args:
        weight: λ.

    Source: Gulrajani et al. 2017, arXiv 1704.00028, equation 3; igul222/improved_wgan_training, gan_cifar.py.

    Example:
        >>> images = torch.zeros(4, 1, 2, 2)
        >>> GradientPenalty(weight=10.0)(lambda x: x.flatten(1).sum(1), images, images)  # ‖∇‖ = 2
        tensor(10.)
    """

    def __call__(self, critic: Critic, real: Tensor, fake: Tensor) -> Tensor:
        """Scalar; see ``Penalty``."""
        real, fake = at_least_float32(real), at_least_float32(fake)
        between = real.lerp(fake, torch.rand(len(real), 1, 1, 1, device=real.device, dtype=real.dtype))
        return self.weight * (gradient_norms(critic, between) - 1).square().mean()


@register
class R1(_Weighted):
    """γ/2 E ‖∇D(x)‖² at real images x.

    Args:
        weight: γ.

    Source: Mescheder, Geiger, Nowozin 2018, arXiv 1801.04406, equation 9.

    Example:
        >>> images = torch.zeros(4, 1, 2, 2)
        >>> R1(weight=10.0)(lambda x: x.flatten(1).sum(1), images, images)  # ‖∇‖² = 4
        tensor(20.)
    """

    def __call__(self, critic: Critic, real: Tensor, fake: Tensor) -> Tensor:
        """Scalar; see ``Penalty``."""
        return self.weight / 2 * gradient_norms(critic, real).square().mean()


def gradient_norms(critic: Critic, images: Tensor) -> Tensor:
    """Euclidean norms (B,) of the gradients of the outputs with respect to their images, differentiable."""
    with torch.autocast(images.device.type, enabled=False):
        images = at_least_float32(images.detach()).requires_grad_()
        (gradients,) = torch.autograd.grad(critic(images).sum(), images, create_graph=True)
        return gradients.flatten(1).norm(dim=1)
