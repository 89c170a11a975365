"""Layers of spectral norm 1."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _Spectral:
    """Divides ``weight``, as a matrix (outputs, rest), by its largest singular value σ.

    σ = uᵀ W v with one step of power iteration per training pass; u is a buffer that persists between passes.

    Source: Miyato et al. 2018, arXiv 1802.05957, algorithm 1; pfnet-research/sngan_projection, max_sv.py.
    """

    weight: Tensor
    training: bool

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.register_buffer("u", F.normalize(torch.randn(self.weight.shape[0]), dim=0))

    def normalised_weight(self) -> Tensor:
        """The weight over σ."""
        with torch.autocast(self.weight.device.type, enabled=False):  # u stays float32
            matrix = self.weight.flatten(1)
            with torch.no_grad():
                v = F.normalize(matrix.T @ self.u, dim=0)
                if self.training:
                    self.u = F.normalize(matrix @ v, dim=0)
            return self.weight / (self.u @ matrix @ v)


class SpectralConv2d(_Spectral, nn.Conv2d):
    """``torch.nn.Conv2d`` whose weight, flattened to (outputs, inputs x kernel), has spectral norm 1.

    Example:
        >>> SpectralConv2d(3, 8, 4, stride=2, padding=1)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 8, 16, 16])
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, outputs, h', w')."""
        return self._conv_forward(x, self.normalised_weight(), self.bias)


class SpectralLinear(_Spectral, nn.Linear):
    """``torch.nn.Linear`` whose weight has spectral norm 1.

    Example:
        >>> SpectralLinear(8, 1)(torch.zeros(2, 8)).shape
        torch.Size([2, 1])
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs) -> (B, outputs)."""
        return F.linear(x, self.normalised_weight(), self.bias)
