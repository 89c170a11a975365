"""A parametric simulator of particle showers.

The energy E of a particle is deposited along the depth t, in radiation lengths, as

    dE/dt = E b (bt)^(a-1) e^(-bt) / Γ(a),    (a - 1) / b = ln(E / E_c) + c,

with b = 0.5 times a log-normal number of each shower, and split over the layers of the calorimeter. The E_l of a layer
is deposited in spots of equal energy, their number a draw of Poisson(k E_l), at distances from the axis that are draws
of a mixture of two exponential distributions. What leaves the calorimeter, or is below a threshold, is leakage.

Source: the profile: Longo and Sestili 1975, Particle Data Group, Passage of particles through matter (unverified: c,
    b and E_c, of lead, are from memory). All other constants are chosen here.
"""

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from genzoo.data.calorimeter import LAYERS, SPAN

DEPTHS = (0.0, 6.5, 22.0, 25.0)  #: boundaries of the layers in radiation lengths
CRITICAL = 0.0074  #: E_c in GeV
RATE, JITTER = 0.5, 0.1  #: b, and the standard deviation of log b
CORE, HALO, IN_CORE = 10.0, 40.0, 0.7  #: mean distances from the axis in mm, and the share of spots of the core
THRESHOLD = 1e-4  #: of a cell's energy, GeV
CHUNK = 1_000  #: showers drawn together


class Particle(NamedTuple):
    """A class of particles.

    Args:
        shift: c.
        spots: k, per GeV.
        start: mean of the exponentially distributed depth at which the shower starts; 0 = at the surface.
    """

    shift: float
    spots: float
    start: float = 0.0


PARTICLES = {"electron": Particle(-0.5, 10), "photon": Particle(0.5, 10), "pion": Particle(-0.5, 3, start=10.0)}


def simulate(particle: Particle, energies: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Energies of the cells (B, 504), and the leakage (B,), in GeV; their sum is the particle's energy.

    Args:
        particle: its class.
        energies: of the particles, in GeV, (B,).
        generator: of the random numbers.
    """
    cells = torch.cat([_cells(particle, part.double(), generator) for part in energies.split(CHUNK)])
    cells = cells.where(cells >= THRESHOLD, 0.0).float()
    return cells, (energies.double() - cells.double().sum(1)).float()


def in_layers(particle: Particle, energies: Tensor, generator: Generator) -> Tensor:
    """Energies that the layers get, in GeV, float64 (B, 3), of particles of energies, float64 (B,)."""
    n = len(energies)
    rate = RATE * (JITTER * torch.randn(n, 1, generator=generator, dtype=torch.float64)).exp()
    shape = 1 + rate * ((energies / CRITICAL).log() + particle.shift)[:, None]
    start = particle.start * torch.empty(n, 1, dtype=torch.float64).exponential_(generator=generator)
    reached = (torch.tensor(DEPTHS, dtype=torch.float64) - start).clamp_min(0)
    return energies[:, None] * torch.special.gammainc(shape, rate * reached).diff(dim=1)


def _cells(particle: Particle, energies: Tensor, generator: Generator) -> Tensor:
    """Energies of the cells before the threshold, float64 (B, 504)."""
    in_layer = in_layers(particle, energies, generator)
    numbers = torch.poisson(particle.spots * in_layer, generator=generator).clamp_min(1)

    # The spots of all layers: to which one of all showers each belongs, and where it is, in units of a layer's size.
    owner = torch.arange(in_layer.numel()).repeat_interleave(numbers.long().flatten())
    scale = torch.where(torch.rand(len(owner), generator=generator) < IN_CORE, CORE, HALO) / SPAN
    distance = scale * torch.empty(len(owner)).exponential_(generator=generator)
    angle = 2 * torch.pi * torch.rand(len(owner), generator=generator)
    eta, phi = 0.5 + distance * angle.cos(), 0.5 + distance * angle.sin()

    # Their cells; spots outside of the layer have none.
    inside = ((eta >= 0) & (eta < 1) & (phi >= 0) & (phi < 1)).nonzero().squeeze(1)
    owner, eta, phi = owner[inside], eta[inside], phi[inside]
    shower, layer = owner // len(LAYERS.sizes), owner % len(LAYERS.sizes)
    rows, columns = torch.tensor(list(LAYERS.shapes.values())).T
    first = torch.tensor(LAYERS.sizes).cumsum(0) - torch.tensor(LAYERS.sizes)
    cell = first[layer] + (eta * rows[layer]).long() * columns[layer] + (phi * columns[layer]).long()
    each = (in_layer / numbers).flatten()[owner]
    return torch.bincount(shower * LAYERS.width + cell, each, len(energies) * LAYERS.width).view(-1, LAYERS.width)
