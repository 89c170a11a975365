"""The picture of a game on points."""

from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from genzoo.app.playground.training import Training

SIDE = 560  #: pixels of the picture
FINER = 2  #: pixels per pixel of the picture while it is drawn
CELLS = 80  #: per side of the field
SHOWN = 400  #: points and samples
MARGIN = 1.15  #: the picture is wider than the data by this factor
OWN = 1.3  #: extent of the points of one's own, ten standard deviations of 0.03 beyond 1
# Blue and orange can be told apart with every common colour blindness.
REAL, GENERATED, BACKGROUND = (0, 72, 140), (213, 94, 0), (250, 250, 250)
REAL_FIELD, GENERATED_FIELD = np.array([150, 190, 230]), np.array([250, 200, 150])


def picture(training: Training) -> Image.Image:
    """Draws field, training points and samples; y points up."""
    half = MARGIN * training.data.extent
    line = (torch.arange(CELLS) + 0.5) / CELLS * 2 * half - half
    x, y = torch.meshgrid(line, line.flip(0), indexing="xy")
    field = training.field(torch.stack([x, y], -1).flatten(0, 1)).view(CELLS, CELLS).nan_to_num()
    sheet = coloured(field).resize((FINER * SIDE, FINER * SIDE), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(sheet)
    _dots(pen, training.points(SHOWN), half, 2.5, fill=REAL)
    _dots(pen, training.samples()[:SHOWN], half, 3.5, fill=GENERATED, outline="white", width=FINER)
    return sheet.resize((SIDE, SIDE), Image.Resampling.BOX)


def coloured(field: Tensor) -> Image.Image:
    """Colours a field (H, W) in [-1, 1]: orange at -1, nearly white at 0, blue at 1."""
    strength = field.abs().numpy()[..., None]
    towards = np.where(field.numpy()[..., None] > 0, REAL_FIELD, GENERATED_FIELD)
    return Image.fromarray(((1 - strength) * np.array(BACKGROUND) + strength * towards).round().astype(np.uint8))


def empty() -> Image.Image:
    """The picture before the first point of one's own."""
    return Image.new("RGB", (SIDE, SIDE), BACKGROUND)


def place(pixel: tuple[int, int]) -> tuple[float, float]:
    """The x and y, from -1 to 1, of a pixel of the picture of one's own points.

    >>> place((0, 0))
    (-1.0, 1.0)
    """
    x, y = ((2 * p / SIDE - 1) * MARGIN * OWN for p in pixel)
    return tuple(round(max(-1.0, min(1.0, value)), 3) for value in (x, -y))


def _dots(pen: ImageDraw.ImageDraw, points: Tensor, half: float, radius: float, **style: Any) -> None:
    radius *= FINER
    for x, y in ((points * torch.tensor([1.0, -1.0]) / half + 1) * FINER * SIDE / 2).tolist():
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), **style)
