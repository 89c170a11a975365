"""Conversion of image files of any pixel format to 8 bits, and warnings about lost information."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from genzoo.core.errors import GenzooError

SIXTEEN = 65535  #: level of white in 16 bits
FEWER = 16384  #: 16-bit files with all levels below this have fewer than 15 bits
DARK = 64  #: 8-bit levels below this are nearly black
MIN_IS_WHITE = 0  #: value of a TIFF's tag 262, PhotometricInterpretation


class Seen(NamedTuple):
    """Facts of a decoded file.

    Args:
        losses: descriptions of the information that the conversion loses.
        greys: largest level of a 16-bit grey image whose file does not state the level of white; else None.
        colours: largest level of a 16-bit colour image; else None.
        brightest: largest level of the converted picture, 0 to 255.
    """

    losses: tuple[str, ...]
    greys: int | None
    colours: int | None
    brightest: int


def read_picture(path: Path | BinaryIO, mode: str, white: float | None = None) -> tuple[Image.Image, Seen]:
    """Reads the first picture of a file: upright, opaque, 8 bits.

    Args:
        path: the file, or its open content.
        mode: Pillow's mode, ``RGB``, or ``L`` for grey.
        white: level of white in grey images of more than 8 bits; None = 65535 for 16 bits, and 32 bits are refused.

    Raises:
        ValueError: the range of the pixels is unknown, or pixels are NaN or infinite. Decoders raise other errors.
    """
    with Image.open(path) as file:
        raw = _raw_mode(file)  # reading the pixels discards it
        several = getattr(file, "is_animated", False)
        stated = _stated_white(file)
        inverted = file.format == "TIFF" and file.tag_v2.get(262) == MIN_IS_WHITE
        picture = ImageOps.exif_transpose(file)
    losses = ["of several frames or pages, only the first is used"] if several else []
    sixteen = picture.mode.startswith("I;16") or raw == "I;16B"  # I;16B has mode I in a PPM file
    greys = colours = None
    if picture.mode == "F" or picture.mode.startswith("I"):
        values = np.asarray(picture)
        greys = int(values.max()) if sixteen and not stated else None
        levels, more = _eight_bits(values, stated or white or (SIXTEEN if sixteen else None))
        picture, losses = Image.fromarray(255 - levels if inverted else levels), losses + more
    elif ";16" in raw:
        if white not in (None, SIXTEEN):
            raise ValueError("of 16-bit colours only the upper 8 bits can be read, so data.white does not apply")
        colours = 256 * _brightest(picture) + 255
        losses.append("of 16-bit colours, only the upper 8 bits are used")
    if picture.mode == "CMYK":
        losses.append("CMYK is converted to RGB without its colour profile")
    if picture.has_transparency_data:
        picture, more = _on_white(picture)
        losses += more
    picture = picture.convert(mode)
    return picture, Seen(tuple(losses), greys, colours, _brightest(picture))


def _raw_mode(file: Image.Image) -> str:
    """Returns the decoder's name of the file's pixel format; empty if unknown."""
    if not (tiles := getattr(file, "tile", None)):
        return ""
    arguments = tiles[0].args
    return str(arguments if isinstance(arguments, str) else arguments[0]) if arguments else ""


def _stated_white(file: Image.Image) -> int | None:
    """Returns the level of white of a grey image of more than 8 bits if the file states it; else None."""
    if file.format == "PPM" and file.mode == "I" and _raw_mode(file) != "I;16B":
        return SIXTEEN  # the decoder has scaled the file's largest level to this
    return 4095 if _raw_mode(file) == "I;12" else None


def _eight_bits(values: NDArray, white: float | None) -> tuple[NDArray, list[str]]:
    """Quantises 0 .. white to 8 bits, integers in 256 equal steps, floats to the nearest level; clips other values."""
    if white is None:
        raise ValueError("the range of 32-bit pixels is unknown; set data.white=<the level of white>")
    if not np.isfinite(values).all():
        raise ValueError("pixels are NaN or infinite")
    losses = [f"greys of more than 8 bits are reduced to 256 levels from 0 to {white:g}"]
    if values.min() < 0 or values.max() > white:
        losses.append(f"grey levels outside of 0 to {white:g} become black or white")
    exact = values.clip(0, white).astype(np.float64)
    levels = np.rint(exact * (255 / white)) if values.dtype.kind == "f" else np.floor(exact * 256 / (white + 1))
    return levels.astype(np.uint8), losses


def _on_white(picture: Image.Image) -> tuple[Image.Image, list[str]]:
    """Composes transparent pixels over white, as a browser shows them."""
    picture = picture.convert("RGBA")
    if picture.getextrema()[3][0] == 255:
        return picture, []
    ground = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(ground, picture), ["transparent pixels are composed over white"]


def opaque(picture: Image.Image) -> Image.Image:
    """Returns a picture whose transparent pixels, if it has any, are composed over white."""
    return _on_white(picture)[0] if picture.has_transparency_data else picture


def _brightest(picture: Image.Image) -> int:
    """Returns the largest level of all channels."""
    extrema = picture.getextrema()
    return max(high for _, high in (extrema if isinstance(extrema[0], tuple) else [extrema]))


def check_white(white: float | None) -> None:
    """Checks the setting ``data.white``.

    Raises:
        GenzooError: it is not a level.
    """
    if white is not None and (isinstance(white, bool) or not isinstance(white, int | float) or not 0 < white < 2**32):
        raise GenzooError(f"data.white={white}: a positive level is needed, such as 4095 for 12 bits, or null.")


def check_range(seen: Sequence[Seen], white: float | None) -> None:
    """Checks that 16-bit files use the range of 16 bits; otherwise they would become nearly black.

    Args:
        seen: facts of all files.
        white: the setting ``data.white``.

    Raises:
        GenzooError: no level reaches a quarter of the range, and ``white`` is not set.
    """
    greys = [facts.greys for facts in seen if facts.greys is not None]
    colours = [facts.colours for facts in seen if facts.colours is not None]
    if white is None and greys and max(greys) < FEWER:
        bits = max(1, max(greys).bit_length())
        raise GenzooError(
            f"data.white: the largest level of {len(greys)} grey files of 16 bits is {max(greys)} of {SIXTEEN}; set "
            f"data.white={2**bits - 1} ({bits} bits), or data.white={SIXTEEN} if the images are really that dark."
        )
    if white is None and colours and max(colours) < FEWER:
        raise GenzooError(
            f"data.white: no level of {len(colours)} colour files of 16 bits is above {max(colours)} of {SIXTEEN}; "
            f"convert them to 8 bits, or set data.white={SIXTEEN} if the images are really that dark."
        )


def describe_losses(seen: Sequence[Seen]) -> str | None:
    """Returns one line about lost information and about images that are nearly black; None = no warning."""
    counts = Counter(loss for facts in seen for loss in facts.losses)
    lines = [f"{loss} ({n} of {len(seen)} files)" for loss, n in sorted(counts.items())]
    if seen and (brightest := max(facts.brightest for facts in seen)) < DARK:
        lines.append(f"nearly black: the largest level of all images is {brightest} of 255")
    return "; ".join(lines) or None
