"""Synthetic images of coloured shapes with known factors."""

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
from genzoo.data.module import ImageData, split_of
from genzoo.data.sizes import split_sizes

KINDS = ("square", "ellipse", "triangle", "cross")
#: Factor -> its range. In these ranges no shape leaves the image, and different values of a factor give different
#: images (a square rotated by 90 degrees is the same square).
FACTORS = {
    "kind": (0, len(KINDS)),  # index of KINDS
    "colour": (0.0, 1.0),  # hue as a fraction of the circle; in grey images brightness, from 0.3 to 1
    "size": (0.15, 0.3),  # radius of the circle around the shape / width of the image
    "x": (0.3, 0.7),  # of the centre, from the left / width of the image
    "y": (0.3, 0.7),  # of the centre, from the top / height of the image
    "angle": (0.0, math.pi / 2),  # clockwise, in radians
}
HALF_WIDTH = 0.55  #: of an ellipse of radius 1
LONG, WIDE = 3 / math.sqrt(10), 1 / math.sqrt(10)  #: half the length and the width of a cross's bars, of radius 1


@register
class Shapes(ImageData):
    """Coloured shapes on black, one per image, with six independent uniform factors; the label is the kind.

    Args:
        size: height and width in pixels.
        channels: 3, or 1 for grey.
        n_train, n_validation, n_test: number of images.
        shapes_seed: seed of the factors; the same seed gives the same images.
        levels: number of levels of a pixel: 256, or 2 for silhouettes.
        options: settings of ``ImageData``, and facts that the configuration states (classes), which are checked.

    Raises:
        GenzooError: a setting is out of range.

    Example:
        >>> shapes = Shapes(size=16, n_train=8, n_validation=0, n_test=4)
        >>> shapes.spec.factors
        ('kind', 'colour', 'size', 'x', 'y', 'angle')
        >>> images, labels, factors, *_ = shapes.split("train")
        >>> images.shape, labels.shape, factors.shape
        (torch.Size([8, 3, 16, 16]), torch.Size([8]), torch.Size([8, 6]))
    """

    name = "shapes"
    facts: ClassVar[dict[str, int]] = {"classes": len(KINDS)}

    def __init__(
        self,
        size: int = 32,
        channels: int = 3,
        n_train: int = 10_000,
        n_validation: int = 1_000,
        n_test: int = 1_000,
        shapes_seed: int = 0,
        levels: int = 256,
        **options: Any,
    ):
        options = check_facts(self.name, Shapes.facts, options)
        if levels not in (2, 256):
            raise GenzooError(f"data.levels={levels}: 256, or 2 for silhouettes, is needed.")
        self.numbers = split_sizes(n_train, n_validation, n_test)
        super().__init__(size, channels, levels, factors=tuple(FACTORS), **options)
        self.shapes_seed = shapes_seed

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits."""
        return {split: self._draw_split(split, n) for split, n in self.numbers.items()}

    def draw_factors(self, split: str, n: int) -> Tensor:
        """The factors (n, 6) of the images of a split."""
        return uniform_factors(n, generator(self.shapes_seed, "shapes", split))

    def _draw_split(self, split: str, n: int) -> ImageSet:
        factors = self.draw_factors(split, n)
        images = draw(factors, self.spec.size, self.spec.channels)
        if self.spec.levels == 2:
            images = (images > 0).to(torch.uint8)
        return split_of(images, factors[:, 0].long(), factors)


def uniform_factors(n: int, randomness: Generator) -> Tensor:
    """Independent, uniform factors (n, 6); see ``FACTORS``."""
    low, high = torch.tensor(list(FACTORS.values())).T
    factors = low + (high - low) * torch.rand(n, len(FACTORS), generator=randomness)
    factors[:, 0] = factors[:, 0].floor().clamp(max=len(KINDS) - 1)
    return factors


def draw(factors: Tensor, size: int, channels: int = 3) -> Tensor:
    """Renders images of shapes.

    Args:
        factors: float (N, 6), see ``FACTORS``.
        size: height and width in pixels.
        channels: 3, or 1 for grey.

    Returns:
        Levels, uint8 (N, channels, size, size).
    """
    images = torch.empty(len(factors), channels, size, size, dtype=torch.uint8)
    for kind, outline in enumerate((_square, _ellipse, _triangle, _cross)):
        for chosen in (factors[:, 0] == kind).nonzero().flatten().split(2**22 // size**2 or 1):  # bounds the memory
            images[chosen] = _draw_kind(outline, factors[chosen], size, channels)
    return images


def _draw_kind(outline: Any, factors: Tensor, size: int, channels: int) -> Tensor:
    _, colour, radius, x, y, angle = factors.T.reshape(6, -1, 1, 1)
    pixels = (torch.arange(size) + 0.5) / size
    dx, dy = pixels.view(1, 1, -1) - x, pixels.view(1, -1, 1) - y
    # Transform to the shape's frame, in which it is upright and its circumscribed circle has radius 1.
    u = (dx * angle.cos() + dy * angle.sin()) / radius
    v = (dy * angle.cos() - dx * angle.sin()) / radius
    distance = outline(u, v) * radius * size  # signed distance from the outline in pixels, negative inside
    cover = (0.5 - distance).clamp(0, 1)  # anti-aliased edge, one pixel wide
    paint = _hue(colour) if channels == 3 else 0.3 + 0.7 * colour.unsqueeze(1)
    return (cover.unsqueeze(1) * paint * 255).round().to(torch.uint8)


def _hue(hue: Tensor) -> Tensor:
    """Returns the saturated colour of a hue (N, 1, 1) in [0, 1), as RGB (N, 3, 1, 1) in [0, 1]."""
    offsets = torch.tensor([0.0, 2 / 3, 1 / 3]).view(1, 3, 1, 1)
    return (((hue.unsqueeze(1) + offsets) % 1 * 6 - 3).abs() - 1).clamp(0, 1)


# Signed distances from outlines with circumscribed radius 1 (a bound of the distance outside of corners).


def _square(u: Tensor, v: Tensor) -> Tensor:
    return torch.maximum(u.abs(), v.abs()) - math.sqrt(0.5)


def _ellipse(u: Tensor, v: Tensor) -> Tensor:
    a, b = 1.0, HALF_WIDTH
    level = torch.hypot(u / a, v / b)
    return level * (level - 1) / torch.hypot(u / a**2, v / b**2).clamp(min=1e-6)  # first-order approximation


def _triangle(u: Tensor, v: Tensor) -> Tensor:
    half, slope = 0.5, math.sqrt(0.75)
    return torch.maximum(v, slope * u.abs() - half * v) - 0.5  # the tip points up


def _cross(u: Tensor, v: Tensor) -> Tensor:
    u, v = u.abs(), v.abs()
    return torch.minimum(torch.maximum(u - LONG, v - WIDE), torch.maximum(u - WIDE, v - LONG))
