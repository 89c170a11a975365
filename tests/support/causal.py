"""The networks of the autoregressive family at a small size, and what their outputs depend on."""

import torch
from torch import nn
from torch.nn import functional as F

from genzoo.autoregressive.networks.diagonal_bilstm import DiagonalBiLSTM
from genzoo.autoregressive.networks.fully_gated import FullyGatedPixelCNN
from genzoo.autoregressive.networks.gated_pixelcnn import GatedPixelCNN
from genzoo.autoregressive.networks.pixelcnn import PixelCNN
from genzoo.autoregressive.networks.row_lstm import RowLSTM

NETWORKS = {
    "pixelcnn": lambda **kwargs: PixelCNN(hidden=6, layers=2, readout=12, **kwargs),
    "gated_pixelcnn": lambda **kwargs: GatedPixelCNN(hidden=6, layers=3, readout=12, **kwargs),
    "gated_pixelcnn_conditional": lambda **kwargs: GatedPixelCNN(hidden=6, layers=3, readout=12, condition=3, **kwargs),
    "fully_gated": lambda **kwargs: FullyGatedPixelCNN(hidden=6, layers=2, **kwargs),
    "fully_gated_conditional": lambda **kwargs: FullyGatedPixelCNN(hidden=6, layers=2, condition=3, **kwargs),
    "row_lstm": lambda **kwargs: RowLSTM(hidden=6, layers=2, readout=12, **kwargs),
    "diagonal_bilstm": lambda **kwargs: DiagonalBiLSTM(hidden=6, layers=2, readout=12, **kwargs),
}


def one_hot(network, numbers, dtype=torch.double):
    """One-hot vectors of numbers (n,), modulo the width of the network's condition; None if it has none."""
    return F.one_hot(numbers % network.condition, network.condition).to(dtype) if network.condition else None


def network(name, channels=1, colours=1, outputs=None):
    """One of them, in float64, as ``lively`` makes it."""
    torch.manual_seed(0)
    return lively(NETWORKS[name](channels=channels, colours=colours, outputs=outputs or 2 * colours))


def lively(network):
    """Biases that keep rectifiers open and tell padding from pixels of 0; pixels and classes that make a difference."""
    for name, p in network.named_parameters():
        if name.endswith("bias"):
            nn.init.uniform_(p, 0.2, 1.0)
        elif "condition" in name:
            nn.init.normal_(p)
        else:
            p.data.mul_(2)
    return network.double().eval()


@torch.no_grad()
def balanced(network):
    """Outputs of mean 0 and variance 1 over random images: no level is drawn always, whatever the seed."""
    images = torch.randn(20, network.channels, 8, 8, dtype=torch.double).sign()
    outputs, last = (
        network(images, one_hot(network, torch.arange(20))).transpose(0, 1).flatten(1),
        network.readout.outputs,
    )
    scale = outputs.std(1).reciprocal()
    last.weight *= scale.view(-1, 1, 1, 1)
    last.bias.sub_(outputs.mean(1)).mul_(scale)
    return network


def dependence(network, channels, size, at=None, images=3):
    """How much each output depends on each input, summed over some images, none of it exactly 0 by accident.

    (colours, size, size, channels, size, size), or with ``at`` (channels, size, size) of the first colour there.
    """
    outputs = torch.arange(network.colours * size**2)
    if at is not None:
        outputs = outputs[[at[0] * size + at[1]]]
    total = 0
    for _ in range(images):
        x = torch.randn(1, channels, size, size, dtype=torch.double).repeat(len(outputs), 1, 1, 1).requires_grad_()
        found = network(x, one_hot(network, torch.zeros(len(x), dtype=torch.long)))
        weights = torch.linspace(1, 2, found.shape[1] // network.colours, dtype=found.dtype).view(-1, 1, 1)
        found = (found.unflatten(1, (network.colours, -1)) * weights).sum(2).flatten(1)
        found.gather(1, outputs[:, None]).sum().backward()  # of each copy of the image another output
        total = total + x.grad.abs()
    return total[0] if at is not None else total.unflatten(0, (network.colours, size, size))
