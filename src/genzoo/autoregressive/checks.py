"""Checks of sizes, and of pixels passed to a model."""

from collections.abc import Sequence

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError


def check_sizes(**sizes: int) -> None:
    """Checks that all sizes of a network, given by name, are positive integers.

    Raises:
        GenzooError: the message names the first wrong one.
    """
    for name, size in sizes.items():
        check_positive(f"model.network.{name}", size)


def check_pixel(what: str, row: int, column: int, shape: Sequence[int]) -> None:
    """Checks that a pixel lies inside of the images.

    Args:
        what: the requested operation, for the message.
        row, column: position of the pixel, from 0.
        shape: (C, H, W) of the images.

    Raises:
        GenzooError: the message names the pixel and the valid range.
    """
    _, height, width = shape
    if not (0 <= row < height and 0 <= column < width):
        raise GenzooError(
            f"{what}: there is no pixel in row {row} and column {column}; the model's images have the rows 0 to "
            f"{height - 1} and the columns 0 to {width - 1}."
        )
