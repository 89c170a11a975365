"""The picture and the strokes of an edit, from files."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image
from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.data.decoding import levels_of, mode_of
from genzoo.data.files import one_line
from genzoo.data.pixels import read_picture

Shape = tuple[int, int, int]


def read_image(path: Path, shape: Shape) -> Tensor:
    """Returns the image of a file, in [-1, 1].

    Args:
        path: the file.
        shape: (C, H, W) of the model's images.

    Raises:
        GenzooError: the file cannot be read, or has another size.
    """
    picture = _of_size("image", path, shape, lambda: read_picture(path, mode_of(shape[0]))[0])
    return from_levels(levels_of(picture, shape[1], shape[0]))


def read_strokes(path: Path, shape: Shape) -> tuple[Tensor, Tensor]:
    """Returns the colours (C, H, W) in [-1, 1] of strokes, and their opacity (1, H, W) from 0 to 1.

    Args:
        path: a file with transparency.
        shape: (C, H, W) of the model's images.

    Raises:
        GenzooError: the file cannot be read, has another size, no transparency, or no stroke.
    """
    picture = _of_size("strokes", path, shape, lambda: _opened(path))
    if not picture.has_transparency_data:
        raise GenzooError(
            f"strokes={path}: it has no transparency, so all of it would be a stroke; save it with an alpha channel, "
            "opaque at the strokes alone."
        )
    picture = picture.convert("RGBA")
    colours = from_levels(levels_of(picture.convert(mode_of(shape[0])), shape[1], shape[0]))
    opacity = levels_of(picture.getchannel("A"), shape[1], 1) / 255
    if not opacity.any():
        raise GenzooError(f"strokes={path}: all of it is transparent; draw a stroke.")
    return colours, opacity


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as file:
        return file.copy()


def _of_size(key: str, path: Path, shape: Shape, read: Callable[[], Image.Image]) -> Image.Image:
    """Returns the picture that ``read`` gives, after a check of its size."""
    try:
        picture = read()
    except Exception as error:  # decoders raise many types of errors for broken files
        raise GenzooError(f"{key}={path}: it cannot be read ({one_line(error)}); give a picture.") from error
    size = (shape[2], shape[1])
    if picture.size != size:
        given, needed = (f"{width} x {height}" for width, height in (picture.size, size))
        raise GenzooError(f"{key}={path}: it has {given} pixels, but the model's images have {needed}; resize it.")
    return picture
