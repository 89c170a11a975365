"""Data-dependent initialisation of layers."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

INITIAL = 500  # number of training images for it, as in openai/improved-gan


@runtime_checkable
class DataDependent(Protocol):
    """A layer whose ``forward``, while ``initialising`` is true, sets the parameters from the input first."""

    initialising: bool


def initialise_from_data(network: nn.Module, draw: Callable[[], Tensor]) -> None:
    """Runs the data-dependent initialisation of all layers that have one, in one pass.

    Each layer returns the output with its new parameters, from which the next layer is initialised. Noise and dropout
    are on.

    Args:
        network: network, changed in place.
        draw: returns the network's input; called only if there is such a layer.

    Source: Salimans, Kingma 2016, arXiv 1602.07868, section 3.
    """
    layers = [m for m in network.modules() if isinstance(m, DataDependent)]
    if not layers:
        return
    for layer in layers:
        layer.initialising = True
    try:
        with torch.no_grad():
            network(draw())
    finally:
        for layer in layers:
            layer.initialising = False
