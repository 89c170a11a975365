"""A calorimeter of three layers, each a square of 480 mm, and what physicists compute of the energies in its cells.

Source: Paganini, de Oliveira, Nachman 2017 (CaloGAN), arXiv 1705.02355; hep-lbdl/CaloGAN, models/train.py (layers of
    3 x 96, 12 x 12 and 12 x 6 cells in η and φ), analysis/feats1d.py (observables).
"""

import torch
from torch import Tensor

from genzoo.core.parts import Parts

LAYERS = Parts({"layer_0": (3, 96), "layer_1": (12, 12), "layer_2": (12, 6)})  #: cells in η and φ
SPAN = 480.0  #: height and width of a layer in mm
TINY = 1e-6  #: GeV; no energy is divided by less


def observables(showers: Tensor) -> dict[str, Tensor]:
    """Observable -> its value for each of B showers, (B,).

    With the energies I_i of the cells of layer l, their sum E_l, and E = Σ_l E_l:

        energy_l               E_l, GeV
        fraction_l             E_l / E
        deepest_layer          the last l with E_l > 0
        shower_depth           s = Σ_l l E_l / E
        shower_depth_width     √(Σ_l l² E_l / E - s²)
        ratio_l                (I₁ - I₂) / (I₁ + I₂) of the two largest energies
        width_l                √(Σ_i η_i² I_i / E_l - (Σ_i η_i I_i / E_l)²), η_i the centre of the cell in mm
        sparsity_l             share of the cells with I_i > 0

    Args:
        showers: energies of the cells in GeV, (B, 504).
    """
    layers = list(LAYERS.split(showers.double()).values())
    energy = torch.stack([layer.sum((1, 2)) for layer in layers], 1)
    total, number = energy.sum(1) + TINY, torch.arange(len(layers), device=showers.device)
    depth = (number * energy).sum(1) / total
    spread = (number.square() * energy).sum(1) / total - depth.square()
    found = {f"energy_{i}": energy[:, i] for i in range(len(layers))}
    found |= {f"fraction_{i}": energy[:, i] / total for i in range(len(layers))}
    found["deepest_layer"] = (number * (energy > 0)).amax(1).double()
    found |= {"shower_depth": depth, "shower_depth_width": spread.clamp_min(0).sqrt()}
    for i, layer in enumerate(layers):
        first, second = layer.flatten(1).topk(2, 1).values.T
        found[f"ratio_{i}"] = (first - second) / (first + second + TINY)
    for i, layer in enumerate(layers):
        share, eta = layer.sum(2) / (energy[:, i, None] + TINY), centres(layer.shape[1]).to(layer)
        found[f"width_{i}"] = (share @ eta.square() - (share @ eta).square()).clamp_min(0).sqrt()
    for i, layer in enumerate(layers):
        found[f"sparsity_{i}"] = (layer > 0).double().mean((1, 2))
    return {name: value.float() for name, value in found.items()}


def centres(cells: int) -> Tensor:
    """Centres of cells along an axis of a layer, in mm, (cells,).

    >>> centres(4)
    tensor([-180.,  -60.,   60.,  180.])
    """
    return ((torch.arange(cells) + 0.5) / cells - 0.5) * SPAN
