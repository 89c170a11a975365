"""Updates of z in a step of an inverse autoregressive flow."""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


class Update(Protocol):
    """An elementwise, invertible map of z whose parameters are outputs of an autoregressive network."""

    outputs: int  #: number of parameters, each of z's shape

    def __call__(self, z: Tensor, *parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the new z and log |dz'/dz|, both of z's shape."""

    def inverse(self, z: Tensor, *parameters: Tensor) -> Tensor:
        """Returns the z that the same parameters map to this one."""


@register
class Gated:
    """z' = σ z + (1 - σ) m with σ = sigmoid(s + bias).

    Args:
        bias: constant bias of the gates, a "forget gate bias": a positive one keeps most of z. (The network's own
            biases, which are trained and set by data-dependent initialisation, are added.)

    Source: Kingma et al. 2016, arXiv 1606.04934, equations 13 and 14, which recommend s close to +1 or +2.

    Example:
        >>> z, log_det = Gated(bias=0.0)(torch.tensor([3.0]), torch.tensor([1.0]), torch.tensor([0.0]))
        >>> z, log_det.exp()
        (tensor([2.]), tensor([0.5000]))
    """

    outputs = 2

    def __init__(self, bias: float = 1.5):
        self.bias = bias

    def __call__(self, z: Tensor, m: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
        """The new z and log σ."""
        s = s + self.bias
        return torch.sigmoid(s) * z + torch.sigmoid(-s) * m, F.logsigmoid(s)

    def inverse(self, z: Tensor, m: Tensor, s: Tensor) -> Tensor:
        """(z - (1 - σ) m) / σ."""
        s = s + self.bias
        return (z - torch.sigmoid(-s) * m) / torch.sigmoid(s)


@register
class Affine:
    """z' = (z - c m) / exp(c s), as in the published code.

    Args:
        scale: c.

    Raises:
        GenzooError: the scale is not positive.

    Source: openai/iaf, tf_train.py, ``IAFLayer.down``; models.py, ``down_iaf2_nl``.

    Example:
        >>> Affine()(torch.tensor([3.0]), torch.tensor([10.0]), torch.tensor([0.0]))
        (tensor([2.]), tensor([-0.]))
    """

    outputs = 2

    def __init__(self, scale: float = 0.1):
        self.scale = _positive(scale)

    def __call__(self, z: Tensor, m: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
        """The new z and -c s."""
        return (z - self.scale * m) * torch.exp(-self.scale * s), -self.scale * s

    def inverse(self, z: Tensor, m: Tensor, s: Tensor) -> Tensor:
        """z exp(c s) + c m."""
        return z * torch.exp(self.scale * s) + self.scale * m


@register
class Shift:
    """z' = z - c m, which preserves volume.

    Args:
        scale: c.

    Raises:
        GenzooError: the scale is not positive.

    Source: openai/iaf, models.py, ``down_iaf1_nl``.

    Example:
        >>> Shift()(torch.tensor([3.0]), torch.tensor([10.0]))
        (tensor([2.]), tensor([0.]))
    """

    outputs = 1

    def __init__(self, scale: float = 0.1):
        self.scale = _positive(scale)

    def __call__(self, z: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:
        """The new z and 0."""
        return z - self.scale * m, torch.zeros_like(z)

    def inverse(self, z: Tensor, m: Tensor) -> Tensor:
        """z + c m."""
        return z + self.scale * m


def _positive(scale: float) -> float:
    if not scale > 0:
        raise GenzooError(f"update.scale={scale}: expected a positive number (openai/iaf has 0.1).")
    return scale
