"""Conversion of arrays of numbers to levels of 8 bits."""

import numpy as np
from numpy.typing import NDArray

from genzoo.core.errors import GenzooError

BLOCK = 1024  # images that are looked at together, so that memory does not grow with the set
REMEDY = "save uint8 levels, or floats in [0, 1]"


def check_images(shape: tuple[int, ...], dtype: np.dtype, what: str) -> None:
    """Checks shape and type of an array of images.

    Args:
        shape: expected (N, H, W) or (N, H, W, C) with 1, 3 or 4 channels.
        dtype: expected to be a type of real numbers.
        what: name of the array, for the message.

    Raises:
        GenzooError: they are others.
    """
    if dtype.kind not in "buif":
        raise GenzooError(f"{what} is of type {dtype}, but numbers are needed; {REMEDY}.")
    if len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3, 4)):
        if 0 in shape[1:]:
            raise GenzooError(f"{what} has the shape {shape}: its images have no pixels; save others.")
        return
    first = len(shape) == 4 and shape[1] in (1, 3, 4)
    remedy = "put channels last with images.transpose(0, 2, 3, 1)" if first else "save it in this shape"
    raise GenzooError(
        f"{what} has the shape {shape}, but (N, H, W) or (N, H, W, C) with 1, 3 or 4 channels is needed; {remedy}."
    )


def white_of(images: NDArray, what: str) -> int:
    """Returns the value of white, 255 or 1.

    Whole numbers from 0 to 255 are levels. Floats in [0, 1] are fractions of white, as are booleans; floats that are
    all 0 or 1 are black and white.

    Args:
        images: any numbers.
        what: name of the array, for the message.

    Raises:
        GenzooError: values are NaN or infinite, outside of 0 to 255, or neither in [0, 1] nor whole.
    """
    if images.dtype == np.uint8 or not images.size:
        return 255
    if images.dtype == bool:
        return 1
    low, high, whole = np.inf, -np.inf, True
    for start in range(0, len(images), BLOCK):
        block = images[start : start + BLOCK]
        if not np.isfinite(block).all():
            raise GenzooError(f"{what} has NaN or infinite values; {REMEDY}.")
        low, high = min(low, block.min()), max(high, block.max())
        whole = whole and bool((block == np.rint(block)).all())
    if low < 0 or high > 255:
        raise GenzooError(f"{what} has values from {low:g} to {high:g}, but models need 0 to 255; {REMEDY}.")
    if images.dtype.kind == "f" and high <= 1:
        return 1
    if not whole:
        raise GenzooError(f"{what} has values from {low:g} to {high:g} that are not whole; {REMEDY}.")
    return 255


def to_eight_bits(values: NDArray, white: int) -> NDArray[np.uint8]:
    """Returns the nearest levels of values in [0, white].

    >>> to_eight_bits(np.array([0, 0.5, 1]), 1), to_eight_bits(np.array([0.0, 7.0]), 255)
    (array([  0, 128, 255], dtype=uint8), array([0, 7], dtype=uint8))
    """
    return values.astype(np.uint8) if white == 255 else np.rint(values.astype(np.float64) * 255).astype(np.uint8)
