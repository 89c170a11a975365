"""Boosting of generative models: the weights of the members of a mixture, and those of the training images."""

from collections.abc import Sequence

import torch
from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register


@register
class UniformShare:
    """The share β = 1/t of the t-th member of a mixture, so that all members have the same weight.

    Source: Tolstikhin et al. 2017 (AdaGAN), arXiv 1701.02386, section 4; tolstikhin/adagan, ``beta_heur``.

    Example:
        >>> UniformShare()(1), UniformShare()(4)
        (1.0, 0.25)
    """

    def __call__(self, member: int) -> float:
        """The share of the member with this number, from 1."""
        return 1 / member


@register
class ConstantShare:
    """The same share β of every member of a mixture but the first, whose share is 1.

    Args:
        share: β in (0, 1).

    Raises:
        GenzooError: β is out of range.

    Source: tolstikhin/adagan, ``beta_heur``; its constant is 0.5.
    """

    def __init__(self, share: float = 0.5):
        if not 0 < share < 1:
            raise GenzooError(f"model.share.share={share}: a number between 0 and 1 is needed, such as 0.5.")
        self.share = share

    def __call__(self, member: int) -> float:
        """The share of the member with this number, from 1."""
        return 1.0 if member == 1 else self.share


def mixture_weights(shares: Sequence[float]) -> Tensor:
    """The weights (T,) of the members of a mixture, each of which was added with its share β of the whole.

    A new member has the weight β; the weights of the earlier ones are multiplied by 1 - β.

    Args:
        shares: β of each member, in order.

    Example:
        >>> mixture_weights([1.0, 0.5, 0.5])
        tensor([0.2500, 0.2500, 0.5000])
    """
    weights = torch.zeros(len(shares))
    for member, share in enumerate(shares):
        weights *= 1 - share
        weights[member] = share
    return weights


def boosting_weights(ratios: Tensor, share: float) -> tuple[Tensor, float]:
    """The weights of the training images for the next member of a mixture.

    They are w_i = max(0, λ - (1 - β) r_i) / (N β), with the λ for which they sum to 1: the distribution that, mixed
    with share β into the current mixture, gives the least f-divergence from the data, for every f.

    Args:
        ratios: r_i, the density of the mixture divided by that of the data, at each of N training images: (N,), not
            negative; infinity is allowed.
        share: β in (0, 1].

    Returns:
        The weights, float64 (N,), and λ, which is at most 1 if the mean ratio is at most 1.

    Raises:
        GenzooError: a ratio is negative or not a number, or none is finite.

    Source: Tolstikhin et al. 2017, arXiv 1701.02386, theorem 1 and algorithm 1.

    Example:
        >>> boosting_weights(torch.tensor([2.0, 2.0, 0.0, 0.0]), share=0.5)  # the mixture lacks half of the data
        (tensor([0.0000, 0.0000, 0.5000, 0.5000], dtype=torch.float64), 1.0)
    """
    if not ((ratios >= 0).all() and ratios.isfinite().any()):
        raise GenzooError(
            "ratios of densities: numbers that are not negative are needed, at least one of them finite; train the "
            "classifier for fewer rounds or at a lower rate."
        )
    n, reduced = len(ratios), (1 - share) * ratios.double().nan_to_num(posinf=torch.finfo(torch.float64).max / 1e9)
    # λ(k) makes the weights of the k images of least ratio sum to 1; the right k is the last one with a positive
    # weight. All are computed less the least ratio, so that large ratios do not absorb the small terms.
    least = reduced.min()
    excess = reduced - least
    ordered = excess.sort().values
    candidates = (n * share + ordered.cumsum(0)) / torch.arange(1, n + 1, device=ratios.device)
    level = candidates[(candidates > ordered).nonzero()[-1, 0]]
    return (level - excess).clamp(min=0) / (n * share), (level + least).item()
