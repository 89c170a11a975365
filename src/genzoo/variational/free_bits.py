"""Free bits: a part of the latent information costs nothing."""

import torch
from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.ranks import average_over_ranks
from genzoo.core.registry import register


@register
class FreeBits:
    """Σ_c max(λ, mean KL_c): no unit or feature map c gains from a divergence below λ nats.

    The mean is over the batch of all ranks. With λ = 0 there is no floor, also not at 0, which an estimated divergence
    may be below: it is the bound itself.

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
            raise GenzooError(f"model.free_bits.nats={nats}: 0 or a positive number of nats is needed.")
        self.nats = nats

    def __call__(self, kl: Tensor) -> Tensor:
        """What the KL (B, units) of a layer costs, a scalar."""
        mean = kl.mean(0)
        if not self.nats:
            return mean.sum()
        # Where the mean over all ranks is below the floor, none of them has a gradient.
        free = average_over_ranks(mean.detach().clone()) < self.nats
        return torch.where(free, self.nats, mean).sum()
