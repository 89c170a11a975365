"""Distributions q(z|x) of codes, from which an encoder draws.

A conditional says how many outputs the encoder has per code and how many channels of noise its input has, and draws.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.checks import check_positive
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register

Network = Callable[[Tensor], Tensor]  # input (B, C + noise, H, W) -> outputs (B, outputs)


class Conditional(Protocol):
    """How codes (B, size) of images (B, C, H, W) are drawn from an encoder."""

    noise: int  #: channels of noise after those of the image in the encoder's input

    def outputs(self, size: int) -> int:
        """The number of the encoder's outputs for codes of ``size`` numbers."""

    def draw(self, encoder: Network, images: Tensor) -> Tensor:
        """A code per image, drawn from q(z|x)."""

    def mean(self, encoder: Network, images: Tensor) -> Tensor:
        """The code per image that stands for q(z|x): its mean, or the code of noise 0."""


def without_noise(images: Tensor, channels: int) -> Tensor:
    """Images (B, C, H, W) with further channels of zeros, where noise would be: (B, C + channels, H, W)."""
    return F.pad(images, (0, 0, 0, 0, 0, channels))


@register
class Deterministic:
    """The code is the encoder's output.

    Source: BiGAN (Donahue et al. 2017, arXiv 1605.09782), section 3.

    Example:
        >>> Deterministic().draw(lambda x: x.flatten(1), torch.ones(1, 2, 1, 1))
        tensor([[1., 1.]])
    """

    noise = 0

    def outputs(self, size: int) -> int:
        """One output per number of the code."""
        return size

    def draw(self, encoder: Network, images: Tensor) -> Tensor:
        """The encoder's outputs."""
        return at_least_float32(encoder(images))

    mean = draw


@register
class GaussianDraw:
    """A diagonal Gaussian; the encoder gives means and logarithms of standard deviations: z = μ + σ ε.

    Source: ALI (Dumoulin et al. 2017, arXiv 1606.00704), section 2; IshmaelBelghazi/ALI, ali/bricks.py.

    Example:
        >>> GaussianDraw().mean(lambda x: x.flatten(1), torch.tensor([3.0, -1.0]).view(1, 2, 1, 1))
        tensor([[3.]])
    """

    noise = 0

    def outputs(self, size: int) -> int:
        """A mean and the logarithm of a standard deviation per number of the code."""
        return 2 * size

    def draw(self, encoder: Network, images: Tensor) -> Tensor:
        """μ + σ ε."""
        mean, log_std = at_least_float32(encoder(images)).chunk(2, 1)
        return mean + log_std.exp() * torch.randn_like(mean)

    def mean(self, encoder: Network, images: Tensor) -> Tensor:
        """μ."""
        return at_least_float32(encoder(images)).chunk(2, 1)[0]


@register
class NoiseInput:
    """The code is the encoder's output for the image and standard normal noise, so q(z|x) may have any form.

    Args:
        noise: channels of noise.

    Raises:
        GenzooError: it is not a positive integer.

    Source: IshmaelBelghazi/ALI, experiments/ali_mixture.py: ``COVConditional``.

    Example:
        >>> NoiseInput(noise=2).mean(lambda x: x.flatten(1), torch.ones(1, 2, 1, 1))
        tensor([[1., 1., 0., 0.]])
    """

    def __init__(self, noise: int):
        check_positive("model.conditional.noise", noise)
        self.noise = noise

    def outputs(self, size: int) -> int:
        """One output per number of the code."""
        return size

    def draw(self, encoder: Network, images: Tensor) -> Tensor:
        """The outputs for the images and new noise."""
        noise = torch.randn(len(images), self.noise, *images.shape[2:], device=images.device)
        return at_least_float32(encoder(torch.cat([images, noise], 1)))

    def mean(self, encoder: Network, images: Tensor) -> Tensor:
        """The outputs for noise 0, which differ from the mean of q(z|x) unless the noise has a linear effect."""
        return at_least_float32(encoder(without_noise(images, self.noise)))
