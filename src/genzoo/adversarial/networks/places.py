"""What GAWWN's networks share: their sizes, places as maps, and their first and last layers.

Source: reedscot/nips2016, main_cub_bbox.lua, main_cub_keypoints.lua, CropInvert.lua (128 pixels: places are maps of
16 x 16; batch norm follows each convolution whose bias is left out here).
"""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.adversarial.networks.sizes import halvings

SLOPE = 0.2


class Sizes(NamedTuple):
    """The sizes of the maps of a network, in pixels.

    Args:
        coarse: of the coarsest maps.
        inner: number of doublings from these to the maps with places, at most two.
        outer: number of doublings from the maps with places to the image, at least one.
    """

    coarse: int
    inner: int
    outer: int

    @property
    def place(self) -> int:
        """Of the maps with places: 16, or half the image's size, if that is smaller."""
        return self.coarse * 2**self.inner


def sizes(shape: tuple[int, int, int]) -> Sizes:
    """The sizes for images (C, H, W).

    >>> sizes((3, 128, 128)), sizes((3, 32, 32)).place, sizes((3, 16, 16)).place
    (Sizes(coarse=4, inner=2, outer=3), 16, 8)
    """
    doublings, coarse = halvings(shape)
    inner = min(2, doublings - 1)
    return Sizes(coarse, inner, doublings - inner)


def tiled(vectors: Tensor, size: int) -> Tensor:
    """Vectors (B, N) at each place of maps, (B, N, size, size)."""
    return vectors[..., None, None].expand(-1, -1, size, size)


def into_box(maps: Tensor, boxes: Tensor) -> Tensor:
    """Maps (B, N, H, W), shrunk into boxes (B, 4), with 0 outside.

    Args:
        maps: of a box's content.
        boxes: left, upper, right and lower edge, in widths of the image.
    """
    scale, centre = _scale_and_centre(boxes)
    return _warped(maps, 1 / scale, -centre / scale)


def from_box(maps: Tensor, boxes: Tensor) -> Tensor:
    """The content of boxes (B, 4) in maps (B, N, H, W), enlarged to their size; the inverse of ``into_box``."""
    return _warped(maps, *_scale_and_centre(boxes))


def _scale_and_centre(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """The size, as a share of the map's, and the centre in [-1, 1] of boxes, (B, 2) each."""
    low, high = boxes[:, :2], boxes[:, 2:]
    return high - low, low + high - 1


def _warped(maps: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Maps whose value at u is that of the given ones at scale * u + shift, with u from -1 to 1."""
    affine = torch.cat([torch.diag_embed(scale), shift[..., None]], 2).to(maps)
    grid = F.affine_grid(affine, list(maps.shape), align_corners=False)
    return F.grid_sample(maps, grid, align_corners=False)


def point_maps(points: Tensor, size: int) -> Tensor:
    """Maps (B, K, size, size), 1 in the cell of each key point that is to be seen, else 0.

    Args:
        points: (B, K, 3): x and y in widths of the image, and whether it is to be seen.
        size: height and width of the maps.
    """
    column, row = (points[..., :2] * size).long().clamp(0, size - 1).unbind(2)
    cells = F.one_hot(row * size + column, size**2).to(points) * points[..., 2:]
    return cells.unflatten(2, (size, size))


def gate(maps: Tensor) -> Tensor:
    """Where any key point is: the sum of maps (B, K, H, W), at most 1, (B, 1, H, W)."""
    return maps.sum(1, keepdim=True).clamp(0, 1)


def convolved(inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> list[nn.Module]:
    """A convolution and batch norm."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
    return [conv, nn.BatchNorm2d(outputs)]


def doubled(inputs: int, outputs: int) -> list[nn.Module]:
    """A transposed convolution that doubles maps, and batch norm."""
    return [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs)]


def coarsest(inputs: int, outputs: int, size: int) -> list[nn.Module]:
    """Maps of ``size`` x ``size`` pixels of vectors (B, inputs, 1, 1), and batch norm."""
    return [nn.ConvTranspose2d(inputs, outputs, size, bias=False), nn.BatchNorm2d(outputs)]


def to_images(width: int, widths: tuple[int, int], outer: int, colours: int) -> list[nn.Module]:
    """Doublings from maps with places to images in [-1, 1]; ``widths``: of the first ones, at 128 pixels all others."""
    layers: list[nn.Module] = []
    for i in range(outer - 1):
        layers += [*doubled(width, widths[min(i, 1)]), nn.ReLU()]
        width = widths[min(i, 1)]
    return [*layers, nn.ConvTranspose2d(width, colours, 4, 2, 1), nn.Tanh()]


def halved(widths: list[int], activation: nn.Module) -> nn.Sequential:
    """Convolutions that halve maps, each with batch norm and an activation; ``widths``: of the maps, from the input."""
    steps = pairwise(widths)
    return nn.Sequential(*(m for i, o in steps for m in (*convolved(i, o, 4, 2, 1), activation)))


def from_images(colours: int, channels: int, outer: int) -> nn.Sequential:
    """Halvings from images to maps with places, of twice as many ``channels``."""
    leaky, widths = nn.LeakyReLU(SLOPE), [channels] * (outer - 1) + [2 * channels]
    layers: list[nn.Module] = []
    for i, (inputs, outputs) in enumerate(zip([colours, *widths], widths, strict=False)):
        normed = 0 < i == outer - 1
        layers += convolved(inputs, outputs, 4, 2, 1) if normed else [nn.Conv2d(inputs, outputs, 4, 2, 1)]
        layers.append(leaky)
    return nn.Sequential(*layers, *convolved(2 * channels, 2 * channels, 3, 1, 1), leaky)


class Score(nn.Module):
    """The logit of GAWWN's two paths: vectors of the coarse maps and of those with places.

    Args:
        channels: of both vectors.
    """

    def __init__(self, channels: int):
        super().__init__()
        norm = nn.BatchNorm1d(channels)
        self.layers = nn.Sequential(
            *(nn.Linear(2 * channels, channels, bias=False), norm, nn.LeakyReLU(SLOPE), nn.Linear(channels, 1)),
            nn.Flatten(0),
        )

    def forward(self, regional: Tensor, whole: Tensor) -> Tensor:
        """Vectors (B, channels), twice -> logits (B,)."""
        return self.layers(torch.cat([regional, whole], 1))
