"""Pictures of data: images, solids as a viewer sees them, strips of a video's frames, piano rolls of tunes."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, Events, Videos, Volumes
from genzoo.core.images import from_unit, to_unit
from genzoo.metrics.piano_roll import piano_roll

TURN, TILT = 30, 20  #: degrees: of volumes about the vertical, and of their top towards the viewer
PIXELS = 96  #: height and width of the picture of a volume
REACH = math.sqrt(2)  #: half the picture's extent, of volumes that reach from -1 to 1
AMBIENT = 0.25  #: brightness of surfaces that the light doesn't reach
CHUNK = 10  #: volumes drawn together
FRAMES = 8  #: of a video that are shown


def show(data: Tensor, spec: DataSpec) -> Tensor:
    """Images (N, C, H, W) in [-1, 1] of data: images themselves, volumes turned and lit, strips of videos, piano rolls.

    >>> show(torch.zeros(2, 1, 8, 8, 8), DataSpec("solids", (1, 8, 8, 8), axes="dhw")).shape
    torch.Size([2, 1, 96, 96])
    """
    if Events in spec.kinds:
        return piano_roll(data)
    if Volumes in spec.kinds:
        return view(data, TURN, TILT)
    return strip(data) if Videos in spec.kinds else data


def strip(videos: Tensor) -> Tensor:
    """Frames of videos (N, C, T, H, W), evenly spaced, side by side, a grey line before each: (N, C, H, W').

    >>> strip(torch.zeros(2, 1, 16, 32, 32)).shape
    torch.Size([2, 1, 32, 264])
    """
    n = min(FRAMES, videos.shape[2])
    frames = videos[:, :, [i * videos.shape[2] // n for i in range(n)]]
    return F.pad(frames, (1, 0)).transpose(2, 3).flatten(3)


def view(volumes: Tensor, turn: float, tilt: float) -> Tensor:
    """The orthographic view of the nearest occupied cells, lit from the viewer's upper right.

    Args:
        volumes: (N, 1, D, H, W) in [-1, 1]; cells above 0 are occupied.
        turn: about the vertical, counterclockwise seen from above, in degrees.
        tilt: of the top towards the viewer, in degrees.

    Returns:
        Brightness in [-1, 1], (N, 1, 96, 96); -1 where nothing is seen.
    """
    turned = _rotation(math.radians(turn), math.radians(tilt)).to(volumes)
    rays = _cells_on_rays(volumes.shape[2:], turned)
    return torch.cat([_lit(part, rays, turned) for part in volumes.split(CHUNK)])


def _rotation(turn: float, tilt: float) -> Tensor:
    """The matrix from a volume's directions (right, up, away) to the viewer's."""
    about_vertical = [[math.cos(turn), 0, -math.sin(turn)], [0, 1, 0], [math.sin(turn), 0, math.cos(turn)]]
    forwards = [[1, 0, 0], [0, math.cos(tilt), math.sin(tilt)], [0, -math.sin(tilt), math.cos(tilt)]]
    return torch.tensor(forwards) @ torch.tensor(about_vertical)


def _cells_on_rays(extent: torch.Size, turned: Tensor) -> Tensor:
    """Indices of the cells along each pixel's ray, (pixels, steps); outside of the volume, the number of cells."""
    depth, height, width = extent
    pixels = ((torch.arange(PIXELS) + 0.5) / PIXELS * 2 - 1) * REACH
    steps = torch.arange(-math.sqrt(3), math.sqrt(3), 1 / max(extent))  # half a cell each
    up, right, away = torch.meshgrid(-pixels, pixels, steps, indexing="ij")
    seen = torch.stack([right, up, away], -1).to(turned)
    x, y, z = (seen @ turned).unbind(-1)  # the inverse of a rotation is its transpose
    places = [((place + 1) / 2 * n).floor().long() for place, n in ((z, depth), (-y, height), (x, width))]
    inside = torch.stack([(i >= 0) & (i < n) for i, n in zip(places, extent, strict=True)]).all(0)
    index = (places[0] * height + places[1]) * width + places[2]
    return index.where(inside, depth * height * width).flatten(0, 1)


def _lit(volumes: Tensor, rays: Tensor, turned: Tensor) -> Tensor:
    occupied = F.pad((volumes > 0).flatten(1), (0, 1))  # the last cell is the outside
    found, nearest = occupied[:, rays].max(2)
    cells = rays.gather(1, nearest.T).T  # (N, pixels)
    # The normal of a cell is the direction in which the smoothed volume falls.
    smooth = F.avg_pool3d(to_unit(volumes), 3, 1, 1).squeeze(1)
    away, down, right = torch.gradient(smooth, dim=(1, 2, 3))
    normals = F.pad(torch.stack([-right, down, -away], 1).flatten(2), (0, 1))
    normals = F.normalize(normals.gather(2, cells.unsqueeze(1).expand(-1, 3, -1)), dim=1)
    light = F.normalize(volumes.new_tensor([1.0, 1.0, -1.0]), dim=0)  # to the right, up, towards the viewer
    facing = torch.einsum("v,vd,ndp->np", light, turned, normals).clamp(min=0)
    brightness = (AMBIENT + (1 - AMBIENT) * facing) * found
    return from_unit(brightness).unflatten(1, (1, PIXELS, PIXELS))
