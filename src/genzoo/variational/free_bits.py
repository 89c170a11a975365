"""Free bits: a floor of the KL divergence in the objective."""

import torch
from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.ranks import average_over_ranks
from genzoo.core.registry import register


@register
class FreeBits:
    """Σ_c max(λ, mean KL_c): a divergence of unit or feature map c below λ nats does not improve the objective.

    The mean is over the batch of all ranks. λ = 0 means no floor at all (an estimated divergence may be negative): the
    objective is the bound itself.

    Args:
        nats: λ.

    Raises:
        GenzooError: λ is negative.

    Source: Kingma et al. 2016, arXiv 1606.04934, appendix C.8; openai/iaf, tf_train.py (kl_min).

    Example:
        >>> FreeBits(0.5)(torch.tensor([[0.1, 2.0], [0.3, 3.0]]))
        tensor(3.)
    """

    def __init__(self, nats: float):
        if not nats >= 0:
            raise GenzooError(f"model.free_bits.nats={nats}: expected a non-negative number of nats.")
        self.nats = nats

    def __call__(self, kl: Tensor) -> Tensor:
        """Returns the KL term of a layer in the objective, a scalar, from its KL (B, units)."""
        mean = kl.mean(0)
        if not self.nats:
            return mean.sum()
        # If the mean over all ranks is below the floor, no rank gets a gradient.
        free = average_over_ranks(mean.detach().clone()) < self.nats
        return torch.where(free, self.nats, mean).sum()
