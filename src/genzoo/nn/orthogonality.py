"""A penalty that makes the rows of convolution kernels orthonormal."""

import torch
from torch import Tensor, nn

from genzoo.core.errors import GenzooError
from genzoo.core.precision import at_least_float32
from genzoo.core.registry import register


@register
class Orthogonality:
    """weight · Σ |W Wᵀ - 1|, the sum over all elements and over all filters of a network's convolutions.

    As in the source's code, a filter of a kernel (N, M, h, w), one of N, is a matrix W of its h rows, each of M w
    numbers.

    Args:
        weight: of the sum.

    Raises:
        GenzooError: the weight is negative.

    Source: orthogonal regularisation, Brock et al. 2017, arXiv 1609.07093; ajbrock/Neural-Photo-Editor, train_IAN.py
        (ortho_res).

    Example:
        >>> convolution = nn.Conv2d(1, 1, 2)
        >>> _ = nn.init.eye_(convolution.weight[0, 0])
        >>> Orthogonality(weight=1.0)(convolution).item()
        0.0
    """

    def __init__(self, weight: float = 1e-3):
        if not weight >= 0:
            raise GenzooError(f"model.orthogonality.weight={weight}: a number of at least 0 is needed; 0 = no penalty.")
        self.weight = weight

    def __call__(self, network: nn.Module) -> Tensor:
        """The penalty of a network, a scalar; 0 without convolutions."""
        return self.weight * sum(_deviation(p) for p in network.parameters() if p.dim() == 4)


def _deviation(kernel: Tensor) -> Tensor:
    """Σ |W Wᵀ - 1| over the filters of a kernel (N, M, h, w)."""
    with torch.autocast(kernel.device.type, enabled=False):
        rows = at_least_float32(kernel).transpose(1, 2).flatten(2)
        return (rows @ rows.mT - torch.eye(rows.shape[1], dtype=rows.dtype, device=rows.device)).abs().sum()
