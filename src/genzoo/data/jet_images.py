"""Images of jets, and what physicists compute of their pixels.

A pixel is the transverse momentum I_i, in GeV, that arrives around pseudorapidity η_i and azimuth φ_i, both relative to
the jet's leading prong; columns go by η, rows by φ, from the top, which has the largest φ.

Source: de Oliveira, Paganini, Nachman 2017 (LAGAN), arXiv 1701.05927; hep-lbdl/adversarial-jets, models/train.py (25 x
    25 pixels, η and φ from -1.25 to 1.25).
"""

import itertools

import torch
from torch import Tensor

from genzoo.core.parts import Parts

SIDE = 25  #: pixels
PIXEL = 0.1  #: height and width of a pixel in φ and η
PARTS = Parts({"jet": (SIDE, SIDE)})
CANDIDATES = 10  #: pixels that may be axes
CHUNK = 500  #: jets whose axes are searched together
TINY = 1e-9  #: GeV

_CENTRES = PIXEL * (torch.arange(SIDE, dtype=torch.float64) - SIDE // 2)
ETA = _CENTRES.repeat(SIDE)  #: of each pixel, (625,)
PHI = -_CENTRES.repeat_interleave(SIDE)  #: of each pixel, (625,)
DISTANCES = torch.hypot(ETA[:, None] - ETA, PHI[:, None] - PHI)  #: ΔR of each pair of pixels, (625, 625)


def observables(jets: Tensor) -> dict[str, Tensor]:
    """Observable -> its value for each of B jets, (B,).

    Each pixel is a massless particle of transverse momentum I_i:

        transverse_momentum    p_T = √((Σ I_i cos φ_i)² + (Σ I_i sin φ_i)²), GeV
        mass                   √((Σ I_i cosh η_i)² - p_T² - (Σ I_i sinh η_i)²), GeV
        tau_21                 τ₂ / τ₁, see ``subjettiness``
        sparsity               share of the pixels with I_i > 0

    Args:
        jets: transverse momenta of the pixels in GeV, (B, 625).
    """
    jets = jets.double()
    transverse = (jets @ PHI.cos().to(jets)).square() + (jets @ PHI.sin().to(jets)).square()
    mass = (jets @ ETA.cosh().to(jets)).square() - transverse - (jets @ ETA.sinh().to(jets)).square()
    pairs = [subjettiness(part) for part in jets.split(CHUNK)]
    one, two = (torch.cat(taus) for taus in zip(*pairs, strict=True))
    found = {"transverse_momentum": transverse.sqrt(), "mass": mass.clamp_min(0).sqrt()}
    found |= {"tau_21": two / (one + TINY), "sparsity": (jets > 0).double().mean(1)}
    return {name: value.float() for name, value in found.items()}


def subjettiness(jets: Tensor) -> tuple[Tensor, Tensor]:
    """τ₁ and τ₂ (B,) of jets (B, 625): how far their transverse momentum lies from the closest of N axes.

    τ_N = Σ_i I_i min_a ΔR_ia / Σ_i I_i, the least value for axes a at the centres of N of the ten brightest pixels;
    pixels without momentum are no axes.
    """
    values, brightest = jets.topk(CANDIDATES, 1)
    brightest = torch.where(values > 0, brightest, brightest[:, :1])
    distances = DISTANCES.to(jets)[brightest]  # (B, candidates, 625)
    total = jets.sum(1) + TINY
    one = torch.einsum("bcp,bp->bc", distances, jets).amin(1)
    pairs = (torch.minimum(distances[:, a], distances[:, b]) for a, b in itertools.combinations(range(CANDIDATES), 2))
    two = torch.stack([(nearest * jets).sum(1) for nearest in pairs]).amin(0)
    return one / total, two / total
