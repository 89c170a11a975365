"""Pictures of solids in volumes, as a viewer sees them."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.images import from_unit, to_unit

TURN, TILT = 30, 20  #: degrees: of volumes about the vertical, and of their top towards the viewer
REACH = math.sqrt(2)  #: half the picture's extent, of volumes that reach from -1 to 1
AMBIENT = 0.25  #: brightness of surfaces that the light doesn't reach
CHUNK = 50  #: volumes drawn together


def view(volumes: Tensor, turn: float, tilt: float, pixels: int) -> Tensor:
    """The orthographic view of the nearest occupied cells, lit from the viewer's upper right.

    Args:
        volumes: (N, 1, D, H, W) in [-1, 1]; cells above 0 are occupied.
        turn: about the vertical, counterclockwise seen from above, in degrees.
        tilt: of the top towards the viewer, in degrees.
        pixels: height and width of the picture.

    Returns:
        Brightness in [-1, 1], (N, 1, pixels, pixels); -1 where nothing is seen.
    """
    turned = _rotation(math.radians(turn), math.radians(tilt)).to(volumes)
    rays = _cells_on_rays(volumes.shape[2:], turned, pixels)
    return torch.cat([_lit(part, rays, turned) for part in volumes.split(CHUNK)]).unflatten(2, (pixels, pixels))


def _rotation(turn: float, tilt: float) -> Tensor:
    """The matrix from a volume's directions (right, up, away) to the viewer's."""
    about_vertical = [[math.cos(turn), 0, -math.sin(turn)], [0, 1, 0], [math.sin(turn), 0, math.cos(turn)]]
    forwards = [[1, 0, 0], [0, math.cos(tilt), math.sin(tilt)], [0, -math.sin(tilt), math.cos(tilt)]]
    return torch.tensor(forwards) @ torch.tensor(about_vertical)


def _cells_on_rays(extent: torch.Size, turned: Tensor, pixels: int) -> Tensor:
    """Indices of the cells along each pixel's ray, (pixels², steps); outside of the volume, the number of cells."""
    depth, height, width = extent
    places = ((torch.arange(pixels) + 0.5) / pixels * 2 - 1) * REACH
    steps = torch.arange(-math.sqrt(3), math.sqrt(3), 1 / max(extent))  # half a cell each
    up, right, away = torch.meshgrid(-places, places, steps, indexing="ij")
    seen = torch.stack([right, up, away], -1).to(turned)
    x, y, z = (seen @ turned).unbind(-1)  # the inverse of a rotation is its transpose
    cells = [((place + 1) / 2 * n).floor().long() for place, n in ((z, depth), (-y, height), (x, width))]
    inside = torch.stack([(i >= 0) & (i < n) for i, n in zip(cells, extent, strict=True)]).all(0)
    index = (cells[0] * height + cells[1]) * width + cells[2]
    return index.where(inside, depth * height * width).flatten(0, 1)


def _lit(volumes: Tensor, rays: Tensor, turned: Tensor) -> Tensor:
    occupied = F.pad((volumes > 0).flatten(1), (0, 1)).T.contiguous()  # (cells, N); the last cell is the outside
    found, nearest = occupied[rays].max(1)
    found, cells = found.T, rays.gather(1, nearest).T  # (N, pixels²)
    # The normal of a cell is the direction in which the smoothed volume falls.
    smooth = F.avg_pool3d(to_unit(volumes), 3, 1, 1).squeeze(1)
    away, down, right = torch.gradient(smooth, dim=(1, 2, 3))
    normals = F.pad(torch.stack([-right, down, -away], 1).flatten(2), (0, 1))
    normals = F.normalize(normals.gather(2, cells.unsqueeze(1).expand(-1, 3, -1)), dim=1)
    light = F.normalize(volumes.new_tensor([1.0, 1.0, -1.0]), dim=0)  # to the right, up, towards the viewer
    facing = torch.einsum("v,vd,ndp->np", light, turned, normals).clamp(min=0)
    brightness = (AMBIENT + (1 - AMBIENT) * facing) * found
    return from_unit(brightness).unsqueeze(1)
