"""The picture of one image file, whatever its decoder gives, in 8 bits; and what is to be said of many."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from genzoo.core.errors import GenzooError

SIXTEEN = 65535  #: white of 16 bits
FEWER = 16384  #: 16-bit files all of whose levels are below it leave two bits empty: their range is another
DARK = 64  #: levels of 8 bits below it are nearly black
MIN_IS_WHITE = 0  #: of a TIFF's tag 262, PhotometricInterpretation


class Seen(NamedTuple):
    """Facts of a file that was read.

    Args:
        losses: of choices that were made for the user.
        greys: largest level, of greys of 16 bits whose white the file does not state; else None.
        colours: largest level, of colours of 16 bits; else None.
        brightest: largest level of the picture, 0 to 255.
    """

    losses: tuple[str, ...]
    greys: int | None
    colours: int | None
    brightest: int


def read_picture(path: Path, mode: str, white: float | None = None) -> tuple[Image.Image, Seen]:
    """The first picture of a file: upright, opaque, of 8 bits.

    Args:
        path: of the file.
        mode: ``RGB``, or ``L`` for grey.
        white: level that is white, of greys of more than 8 bits; None = 65535 of 16 bits, and 32 bits are refused.

    Raises:
        ValueError: the range of the pixels is not known, or pixels are no numbers. Decoders raise other errors.
    """
    with Image.open(path) as file:
        raw = _raw_mode(file)  # before the pixels are read, which forgets it
        several = getattr(file, "is_animated", False)
        stated = _stated_white(file)
        inverted = file.format == "TIFF" and file.tag_v2.get(262) == MIN_IS_WHITE
        picture = ImageOps.exif_transpose(file)
    losses = ["of several frames or pages, the first is taken"] if several else []
    sixteen = picture.mode.startswith("I;16") or raw == "I;16B"  # the latter as I where the file is a PPM
    greys = colours = None
    if picture.mode == "F" or picture.mode.startswith("I"):
        values = np.asarray(picture)
        greys = int(values.max()) if sixteen and not stated else None
        levels, more = _eight_bits(values, stated or white or (SIXTEEN if sixteen else None))
        picture, losses = Image.fromarray(255 - levels if inverted else levels), losses + more
    elif ";16" in raw:
        if white not in (None, SIXTEEN):
            raise ValueError("of colours of 16 bits only the upper 8 can be read, so data.white does not apply")
        colours = 256 * _brightest(picture) + 255
        losses.append("of colours of 16 bits, the upper 8 are taken")
    if picture.mode == "CMYK":
        losses.append("CMYK becomes RGB without its colour profile")
    if picture.has_transparency_data:
        picture, more = _on_white(picture)
        losses += more
    picture = picture.convert(mode)
    return picture, Seen(tuple(losses), greys, colours, _brightest(picture))


def _raw_mode(file: Image.Image) -> str:
    """How a decoder calls the pixels in the file; empty where it does not say."""
    if not (tiles := getattr(file, "tile", None)):
        return ""
    arguments = tiles[0].args
    return str(arguments if isinstance(arguments, str) else arguments[0]) if arguments else ""


def _stated_white(file: Image.Image) -> int | None:
    """White of greys of more than 8 bits, where the file states another than that of 16 bits."""
    if file.format == "PPM" and file.mode == "I" and _raw_mode(file) != "I;16B":
        return SIXTEEN  # its largest level, which the decoder has spread to this
    return 4095 if _raw_mode(file) == "I;12" else None


def _eight_bits(values: NDArray, white: float | None) -> tuple[NDArray, list[str]]:
    """Integers 0 .. white in 256 steps of a width, floats 0 to white as the nearest of 256 levels; beyond: the ends."""
    if white is None:
        raise ValueError("pixels of 32 bits have no known range; state it by data.white=<the level that is white>")
    if not np.isfinite(values).all():
        raise ValueError("pixels are no numbers, or infinite")
    losses = [f"of greys of more than 8 bits, 256 levels from 0 to {white:g} are kept"]
    if values.min() < 0 or values.max() > white:
        losses.append(f"of greys, levels beyond 0 and {white:g} become black and white")
    exact = values.clip(0, white).astype(np.float64)
    levels = np.rint(exact * (255 / white)) if values.dtype.kind == "f" else np.floor(exact * 256 / (white + 1))
    return levels.astype(np.uint8), losses


def _on_white(picture: Image.Image) -> tuple[Image.Image, list[str]]:
    """An opaque picture: transparent pixels laid on white, as a page shows them."""
    picture = picture.convert("RGBA")
    if picture.getextrema()[3][0] == 255:
        return picture, []
    ground = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(ground, picture), ["of transparent pixels, white is seen through them"]


def _brightest(picture: Image.Image) -> int:
    """The largest level of all channels."""
    extrema = picture.getextrema()
    return max(high for _, high in (extrema if isinstance(extrema[0], tuple) else [extrema]))


def check_range(seen: Sequence[Seen], white: float | None) -> None:
    """Refuses files of 16 bits whose levels are of another range, which would become nearly black.

    Args:
        seen: of all files.
        white: as the user states it.

    Raises:
        GenzooError: no level reaches a quarter of 16 bits, and ``white`` does not say that this is right.
    """
    greys = [facts.greys for facts in seen if facts.greys is not None]
    colours = [facts.colours for facts in seen if facts.colours is not None]
    if white is None and greys and max(greys) < FEWER:
        bits = max(1, max(greys).bit_length())
        raise GenzooError(
            f"data.white: the largest level of {len(greys)} grey files of 16 bits is {max(greys)} of {SIXTEEN}; set "
            f"data.white={2**bits - 1} ({bits} bits), or data.white={SIXTEEN} if the images are as dark as that."
        )
    if white is None and colours and max(colours) < FEWER:
        raise GenzooError(
            f"data.white: no level of {len(colours)} colour files of 16 bits is above {max(colours)} of {SIXTEEN}; "
            f"convert them to 8 bits, or set data.white={SIXTEEN} if the images are as dark as that."
        )


def told(seen: Sequence[Seen]) -> str | None:
    """What choices made for the user lose, and whether all is nearly black, in one line; None = nothing."""
    counts = Counter(loss for facts in seen for loss in facts.losses)
    lines = [f"{loss} ({n} of {len(seen)} files)" for loss, n in sorted(counts.items())]
    if seen and (brightest := max(facts.brightest for facts in seen)) < DARK:
        lines.append(f"nearly black: the largest level of all images is {brightest} of 255")
    return "; ".join(lines) or None
