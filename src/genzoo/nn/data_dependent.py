"""Data-dependent initialisation of layers."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

INITIAL = 500  # number of training images for it, as in openai/improved-gan


def initialise_from_data(network: nn.Module, draw: Callable[[], Tensor]) -> None:
    """Runs the data-dependent initialisation of all layers that have one, in one pass.

    Such a layer has an attribute ``initialising``. While it is true, ``forward`` sets the layer's parameters from its
    input and returns the output with these parameters. Noise and dropout are on.

    Args:
        network: network, changed in place.
        draw: returns the network's input; called only if there is such a layer.

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
