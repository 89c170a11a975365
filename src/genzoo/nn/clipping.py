"""Bounds of weights."""

import torch
from torch import nn

from genzoo.core.errors import GenzooError


def check_clip(bound: float | None) -> None:
    """Checks the bound of a discriminator's parameters; None = no bound.

    Raises:
        GenzooError: it is not positive.
    """
    if bound is not None and not (isinstance(bound, int | float) and bound > 0):
        raise GenzooError(f"model.weight_clip={bound}: a positive bound is needed, or null for none.")


@torch.no_grad()
def clip_parameters(network: nn.Module, bound: float | None) -> None:
    """Clips all parameters of a network to [-bound, bound], in place; None = no bound.

    Source: Arjovsky, Chintala, Bottou 2017, arXiv 1701.07875, algorithm 1.

    Example:
        >>> layer = nn.Linear(1, 1, bias=False)
        >>> _ = nn.init.constant_(layer.weight, -3.0)
        >>> clip_parameters(layer, 0.01)
        >>> layer.weight.item()
        -0.0099999...
    """
    if bound is not None:
        for parameter in network.parameters():
            parameter.clamp_(-bound, bound)
