"""Image grids and animations, as files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from genzoo.core.files import atomic_write
from genzoo.core.images import to_levels


def picture(
    images: Tensor,
    columns: int,
    row_names: Sequence[str] | None = None,
    captions: Sequence[str] | None = None,
    column_names: Sequence[str] | None = None,
) -> Image.Image:
    """A grid of images, enlarged if they are small, with names of rows and columns and captions under the images.

    Args:
        images: (n, C, H, W) in [-1, 1], row by row.
        columns: images per row.
        row_names: one per row, left of it.
        captions: one per image.
        column_names: one per column, above it.
    """
    levels = to_levels(images.detach().float().cpu())
    n, channels, height, width = levels.shape
    rows = -(-n // columns)
    gap = 2
    zoom = max(1, 64 // height)
    strip = -(-14 // zoom) if captions else 0  # height of a caption, before the enlargement
    # The images, at their own resolution on a grey sheet, are enlarged together.
    corners = [(gap + i // columns * (height + strip + gap), gap + i % columns * (width + gap)) for i in range(n)]
    sheet = np.full((channels, rows * (height + strip + gap) + gap, columns * (width + gap) + gap), 128, np.uint8)
    for image, (top, left) in zip(levels.numpy(), corners, strict=True):
        sheet[:, top : top + height, left : left + width] = image
    grid = Image.fromarray(sheet[0] if channels == 1 else sheet.transpose(1, 2, 0))
    grid = grid.resize((grid.width * zoom, grid.height * zoom), Image.Resampling.NEAREST)
    # Text is drawn after the enlargement, at the final resolution.
    if captions:
        font = ImageFont.load_default(size=11)
        pen = ImageDraw.Draw(grid)
        for caption, (top, left) in zip(captions, corners, strict=True):
            middle = (left + width / 2) * zoom, (top + height + strip / 2) * zoom
            pen.text(middle, caption, fill="black", anchor="mm", font=font)
    named = _name_rows(grid, row_names) if row_names else grid
    return _name_columns(named, column_names, grid.width / columns) if column_names else named


def picture_of_rows(rows: Mapping[str, Tensor]) -> Image.Image:
    """A grid with one row per name, of images (n, C, H, W) in [-1, 1]; grey ones may be beside colour ones."""
    channels, n = max(x.shape[1] for x in rows.values()), len(next(iter(rows.values())))
    return picture(torch.cat([x.expand(-1, channels, -1, -1) for x in rows.values()]), n, [*rows])


def plain_picture(image: Tensor) -> Image.Image:
    """One image (C, H, W) in [-1, 1] at its own resolution."""
    levels = to_levels(image.detach().float().cpu()).numpy()
    return Image.fromarray(levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0))


def _name_rows(grid: Image.Image, names: Sequence[str]) -> Image.Image:
    pitch = grid.height / len(names)
    font = ImageFont.load_default(size=max(9, min(16, int(pitch * 0.4))))
    margin = int(max(font.getlength(name) for name in names)) + 12
    sheet = Image.new(grid.mode, (margin + grid.width, grid.height), "white")
    sheet.paste(grid, (margin, 0))
    pen = ImageDraw.Draw(sheet)
    for i, name in enumerate(names):
        pen.text((margin - 6, (i + 0.5) * pitch), name, fill="black", anchor="rm", font=font)
    return sheet


def _name_columns(sheet: Image.Image, names: Sequence[str], pitch: float) -> Image.Image:
    """Names above columns of a width, which end at the sheet's right edge."""
    font = ImageFont.load_default(size=11)
    longest = max(font.getlength(name) for name in names)
    font = ImageFont.load_default(size=max(7, min(11, int(11 * pitch / longest))))
    named = Image.new(sheet.mode, (sheet.width, sheet.height + 16), "white")
    named.paste(sheet, (0, 16))
    pen = ImageDraw.Draw(named)
    for i, name in enumerate(names):
        middle = sheet.width - (len(names) - i - 0.5) * pitch
        pen.text((middle, 8), name, fill="black", anchor="mm", font=font)
    return named


def save_picture(sheet: Image.Image, path: Path) -> None:
    """Writes a PNG atomically."""
    with atomic_write(path) as partial:
        sheet.save(partial, format="PNG")


def save_animation(frames: Sequence[Path | Image.Image], path: Path, milliseconds: int = 200) -> None:
    """Writes a GIF of pictures of the same size, with the last one shown for two seconds.

    Args:
        frames: pictures, or PNG files.
        path: of the GIF.
        milliseconds: per picture.
    """
    sheets = (frame if isinstance(frame, Image.Image) else Image.open(frame) for frame in frames)
    first, *others = [sheet.convert("P", palette=Image.Palette.ADAPTIVE) for sheet in sheets]
    with atomic_write(path) as partial:
        durations = [milliseconds] * len(others) + [2000]
        first.save(partial, format="GIF", save_all=True, append_images=others, duration=durations, loop=0)
