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
