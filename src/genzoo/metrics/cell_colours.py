"""Colours of energies in cells."""

import torch
from matplotlib import colormaps
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.parts import Parts

SIZE = 96  #: of a part in pixels
FAINTEST = 1e-3  #: GeV; cells with less energy are black


def tiles(vectors: Tensor, parts: Parts) -> Tensor:
    """The parts of vectors (B, cells) as images (B * parts, 1, 96, 96), all of a vector after each other."""
    layers = parts.split(vectors).values()
    return torch.stack([F.interpolate(layer[:, None], (SIZE, SIZE)) for layer in layers], 1).flatten(0, 1)


def colours(energies: Tensor, brightest: float) -> Tensor:
    """Images (B, 3, H, W) in [-1, 1] of energies in GeV, (B, 1, H, W), by their logarithm.

    Args:
        energies: of the cells.
        brightest: energy of the brightest colour.
    """
    exponents = (energies.clamp(FAINTEST, brightest) / FAINTEST).log()
    return _coloured(exponents / exponents.new_tensor(brightest / FAINTEST).log(), "inferno")


def signed_colours(energies: Tensor, most: float) -> Tensor:
    """Images (B, 3, H, W) in [-1, 1] of differences of energies in GeV, (B, 1, H, W): blue below 0, white, red above.

    Args:
        energies: of the cells.
        most: difference of the strongest red; its opposite has the strongest blue.
    """
    return _coloured((energies / most).clamp(-1, 1) / 2 + 0.5, "seismic")


def _coloured(shares: Tensor, colormap: str) -> Tensor:
    red_green_blue = torch.from_numpy(colormaps[colormap](shares.squeeze(1).numpy())[..., :3])
    return 2 * red_green_blue.movedim(-1, 1).float() - 1
