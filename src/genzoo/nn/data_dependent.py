"""Initialisation of layers from what they see of a batch."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

INITIAL = 500  # training images that it is taken from, as many as in openai/improved-gan


def initialise_from_data(network: nn.Module, draw: Callable[[], Tensor]) -> None:
    """Lets every layer that has one take its data-dependent initialisation, in one pass.

    Such a layer has an attribute ``initialising``. While that is true, its forward sets its parameters from its input
    and gives the output that follows from them, which the next layer starts from. Noise and dropout are on.

    Args:
        network: is changed in place.
        draw: gives what it takes; called only if there is such a layer.

    Source: Salimans, Kingma 2016, arXiv 1602.07868, section 3.
    """
    layers: Sequence[nn.Module] = [m for m in network.modules() if hasattr(m, "initialising")]
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
