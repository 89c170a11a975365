"""Noise on activations."""

import torch
from torch import Tensor, nn

from genzoo.core.registry import register


@register
class GaussianNoise(nn.Module):
    """Adds independent normal noise in training; in evaluation the identity.

    Args:
        std: standard deviation.

    Source: Lasagne's GaussianNoiseLayer, as openai/improved-gan uses it.

    Example:
        >>> GaussianNoise(0.3).eval()(torch.ones(2))
        tensor([1., 1.])
    """

    def __init__(self, std: float):
        super().__init__()
        self.std = std

    def forward(self, x: Tensor) -> Tensor:
        """Any shape -> the same."""
        return x + self.std * torch.randn_like(x) if self.training else x


@register
class Dropout(nn.Dropout):
    """``torch.nn.Dropout``, which configurations may name."""


class PersistentDropout(nn.Module):
    """Dropout in training and in evaluation, as a network's source of noise.

    Args:
        p: probability that a number is set to 0; the others are divided by 1 - p.

    Source: pix2pix (Isola et al. 2017, arXiv 1611.07004), section 3.2.

    Example:
        >>> PersistentDropout(0.5).eval()(torch.ones(1000)).unique()
        tensor([0., 2.])
    """

    def __init__(self, p: float):
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Any shape -> the same."""
        return nn.functional.dropout(x, self.p, training=True)
