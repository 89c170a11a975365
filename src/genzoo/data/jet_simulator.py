"""A toy of jets with one and with two prongs.

A jet has a transverse momentum p, uniform from 250 to 300 GeV, and prongs with shares z of it. The leading prong is at
the origin, the next one at an angle of -π/2 in the plane of η and φ, the others at uniform angles.

A W boson has two prongs, of shares 1 - z and z, with z uniform from 0.1 to 0.5, at a distance of ΔR = m_W / (p √(z
(1 - z))): two massless particles at a small angle then have the mass m_W.

A QCD jet has a core, of weight 1, and four emissions, whose weights and distances have densities ∝ 1/z from 0.005 to
0.3 and ∝ 1/ΔR from 0.1 to 1: soft and collinear emission. Shares are the weights divided by their sum; the emission of
the largest weight is the next prong.

A prong of transverse momentum q becomes 1 + Poisson(q / 8 GeV) particles, which share q as draws of an exponential
distribution do, and lie at uniform angles around it, at the distance k / p_i of a particle of transverse momentum p_i:
k, exponential with mean 0.5 GeV, is its transverse momentum relative to the prong. Those outside of the image are lost.

Source: the pattern of soft and collinear emission: QCD's leading order; the two prongs: kinematics of a decay. All
    constants but m_W are chosen here.
"""

import math

import torch
from torch import Generator, Tensor

from genzoo.data.jet_images import PIXEL, SIDE

MOMENTA = (250.0, 300.0)  #: least and largest transverse momentum of a jet, GeV
W_MASS = 80.4  #: GeV
W_SHARES = (0.1, 0.5)  #: of the second prong of a W boson
WEIGHTS, REACH = (0.005, 0.3), (0.1, 1.0)  #: of emissions: weights relative to the core's, and distances
EMISSIONS = 4
PER_PARTICLE = 8.0  #: GeV
SPREAD = 0.5  #: mean of k, GeV
THRESHOLD = 1e-3  #: of a pixel, GeV
CHUNK = 1_000  #: jets drawn together


def simulate(classes: Tensor, generator: Generator) -> Tensor:
    """Transverse momenta of the pixels of jets of classes (B,), 0 = QCD and 1 = W, in GeV, (B, 625)."""
    images = torch.cat([_images(part, generator) for part in classes.split(CHUNK)])
    return images.where(images >= THRESHOLD, 0.0).float()


def prongs(classes: Tensor, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Transverse momenta in GeV, η and φ of the prongs of jets of classes (B,), float64 (B, 5) each; a W has two."""
    n = len(classes)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(n, *shape, generator=generator, dtype=torch.float64)

    def log_uniform(low: float, high: float) -> Tensor:
        return uniform(math.log(low), math.log(high), EMISSIONS).exp()

    momentum, z = uniform(*MOMENTA), uniform(*W_SHARES)
    weights = log_uniform(*WEIGHTS).sort(1, descending=True).values
    distances, angles = log_uniform(*REACH), uniform(0, 2 * math.pi, EMISSIONS)
    angles[:, 0] = -math.pi / 2

    a_w = (classes == 1)[:, None]
    of_w = torch.stack([z / (1 - z), *[torch.zeros(n, dtype=torch.float64)] * (EMISSIONS - 1)], 1)
    weights = torch.where(a_w, of_w, weights)
    distances = torch.where(a_w, (W_MASS / (momentum * (z * (1 - z)).sqrt()))[:, None], distances)

    weights = torch.cat([torch.ones(n, 1, dtype=torch.float64), weights], 1)
    origin = torch.zeros(n, 1, dtype=torch.float64)
    eta, phi = (torch.cat([origin, distances * along], 1) for along in (angles.cos(), angles.sin()))
    return momentum[:, None] * weights / weights.sum(1, keepdim=True), eta, phi


def _images(classes: Tensor, generator: Generator) -> Tensor:
    """Images before the threshold, float64 (B, 625)."""
    momenta, *place = prongs(classes, generator)
    numbers = torch.poisson(momenta / PER_PARTICLE, generator=generator) + 1

    # The particles of all prongs: to which one each belongs, its transverse momentum, and where it is.
    owner = torch.arange(momenta.numel()).repeat_interleave(numbers.long().flatten())
    share, k = torch.empty(2, len(owner), dtype=torch.float64).exponential_(generator=generator)
    momentum = (momenta.flatten() / torch.bincount(owner, share))[owner] * share
    distance, angle = SPREAD * k / momentum, 2 * math.pi * torch.rand(len(owner), generator=generator)
    eta, phi = place[0].flatten()[owner] + distance * angle.cos(), place[1].flatten()[owner] + distance * angle.sin()

    # Their pixels; particles outside of the image, and prongs without momentum, have none.
    column, row = eta / PIXEL + SIDE / 2, SIDE / 2 - phi / PIXEL
    inside = (momentum > 0) & (column >= 0) & (column < SIDE) & (row >= 0) & (row < SIDE)
    pixel = owner // momenta.shape[1] * SIDE**2 + row.nan_to_num().clamp(0, SIDE - 1).long() * SIDE
    pixel = pixel + column.nan_to_num().clamp(0, SIDE - 1).long()
    return torch.bincount(pixel[inside], momentum[inside], len(classes) * SIDE**2).view(-1, SIDE**2)
