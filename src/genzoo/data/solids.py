"""Synthetic volumes of solids with known factors."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Generator, Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.data.facts import check_facts
from genzoo.data.module import SetData, split_of
from genzoo.data.sizes import split_sizes

SIZES = (16, 32, 64)
KINDS = ("box", "ellipsoid", "cylinder", "cone", "torus", "cross", "hollow box")
#: Factor -> its range; lengths are fractions of the volume's side. In these ranges no solid leaves the volume.
FACTORS = {
    "kind": (0, len(KINDS)),  # index of KINDS
    "x_radius": (0.15, 0.3),  # half the extent along the solid's own width
    "y_radius": (0.15, 0.4),  # half its height
    "z_radius": (0.15, 0.3),  # half the extent along its own depth
    "angle": (0.0, math.pi / 2),  # about the vertical, counterclockwise seen from above, in radians
    "x": (0.45, 0.55),  # of the centre, from the left
    "y": (0.45, 0.55),  # from the top
    "z": (0.45, 0.55),  # from the front
}


@register
class Solids(SetData):
    """Solids, one per volume (1, D, H, W), with eight independent uniform factors; the label is the kind.

    A cell is 1 if its centre lies in the solid, else 0. The axes are depth, from the front, height, from the top, and
    width, from the left.

    Args:
        size: number of cells along each axis: 16, 32 or 64.
        n_train, n_validation, n_test: number of volumes.
        solids_seed: seed of the factors; the same seed gives the same volumes.
        options: settings of ``SetData``, and facts that the configuration states (levels, classes), which are checked.

    Raises:
        GenzooError: a setting is out of range.

    Example:
        >>> solids = Solids(n_train=8, n_validation=0, n_test=4)
        >>> solids.spec.factors
        ('kind', 'x_radius', 'y_radius', 'z_radius', 'angle', 'x', 'y', 'z')
        >>> solids.split("train").images.shape
        torch.Size([8, 1, 16, 16, 16])
    """

    name = "solids"
    content = "volumes"
    facts: ClassVar[dict[str, int]] = {"levels": 2, "classes": len(KINDS)}

    def __init__(
        self,
        size: int = 16,
        n_train: int = 10_000,
        n_validation: int = 1_000,
        n_test: int = 1_000,
        solids_seed: int = 0,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        if size not in SIZES:
            raise GenzooError(f"data.size={size}: solids have {', '.join(map(str, SIZES))} cells along each axis.")
        self.numbers = split_sizes(n_train, n_validation, n_test)
        super().__init__((1, size, size, size), factors=tuple(FACTORS), **options)
        self.spec = self.spec._replace(axes="dhw")
        self.solids_seed = solids_seed

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits."""
        drawn = {}
        for split, n in self.numbers.items():
            factors = uniform_factors(n, generator(self.solids_seed, "solids", split))
            drawn[split] = split_of(draw(factors, self.spec.size), factors[:, 0].long(), factors)
        return drawn


def uniform_factors(n: int, randomness: Generator) -> Tensor:
    """Independent, uniform factors (n, 8); see ``FACTORS``."""
    low, high = torch.tensor(list(FACTORS.values())).T
    factors = low + (high - low) * torch.rand(n, len(FACTORS), generator=randomness)
    factors[:, 0] = factors[:, 0].floor().clamp(max=len(KINDS) - 1)
    return factors


def draw(factors: Tensor, size: int) -> Tensor:
    """The volumes, levels 0 and 1, uint8 (N, 1, size, size, size), of factors, float (N, 8); see ``FACTORS``."""
    volumes = torch.empty(len(factors), 1, size, size, size, dtype=torch.uint8)
    for kind, surface in enumerate((_box, _ellipsoid, _cylinder, _cone, _torus, _cross, _hollow_box)):
        for chosen in (factors[:, 0] == kind).nonzero().flatten().split(2**22 // size**3):  # bounds the memory
            volumes[chosen, 0] = (surface(*_own_axes(factors[chosen], size)) <= 0).to(torch.uint8)
    return volumes


def _own_axes(factors: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """The cells along the axes of solids, in which these reach from -1 to 1.

    Returns:
        Along their width and their depth, (N, D, 1, W) each, and upwards, (N, 1, H, 1).
    """
    _, x_radius, y_radius, z_radius, angle, x, y, z = factors.T.reshape(8, -1, 1, 1, 1)
    cells = (torch.arange(size) + 0.5) / size
    dx, dy, dz = cells - x, cells.view(-1, 1) - y, cells.view(-1, 1, 1) - z
    u = (dx * angle.cos() + dz * angle.sin()) / x_radius
    v = (dz * angle.cos() - dx * angle.sin()) / z_radius
    return u, v, -dy / y_radius


# Signed distances from the surfaces, up to their scale: negative inside.


def _box(u: Tensor, v: Tensor, w: Tensor) -> Tensor:
    return torch.maximum(torch.maximum(u.abs(), v.abs()), w.abs()) - 1


def _ellipsoid(u: Tensor, v: Tensor, w: Tensor) -> Tensor:
    return (u**2 + v**2 + w**2).sqrt() - 1


def _cylinder(u: Tensor, v: Tensor, w: Tensor) -> Tensor:
    return torch.maximum(torch.hypot(u, v), w.abs()) - 1


def _cone(u: Tensor, v: Tensor, w: Tensor) -> Tensor:
    return torch.maximum(torch.hypot(u, v) - (1 - w) / 2, -1 - w)  # the tip points up


def _torus(u: Tensor, v: Tensor, w: Tensor) -> Tensor:
    tube = 0.3
    return torch.hypot(torch.hypot(u, v) - (1 - tube), tube * w) - tube


def _cross(u: Tensor, v: Tensor, w: Tensor) -> Tensor:
    bar = 0.35
    u, v, w = torch.broadcast_tensors(u.abs(), v.abs(), w.abs())
    _, middle, high = torch.stack([u, v, w]).sort(0).values  # a bar along each axis
    return torch.maximum(middle - bar, high - 1)


def _hollow_box(u: Tensor, v: Tensor, w: Tensor) -> Tensor:
    inner = 0.6
    hollow = torch.maximum(torch.maximum(u.abs(), v.abs()) - inner, -inner - w)  # open at the top
    return torch.maximum(_box(u, v, w), -hollow)
