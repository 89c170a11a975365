"""Checks of levels and pixels passed to a model."""

from collections.abc import Sequence

from torch import Tensor

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError


def check_sizes(**sizes: int) -> None:
    """Checks that all sizes of a network, given by name, are positive integers.

    Raises:
        GenzooError: the message names the first wrong one.
    """
    for name, size in sizes.items():
        check_positive(f"model.network.{name}", size)


def check_temperature(temperature: float) -> float:
    """Returns the temperature after checking that it is positive.

    Raises:
        GenzooError: it is not positive.
    """
    if not temperature > 0:
        raise GenzooError(f"model.temperature={temperature}: expected a number above 0; 1 draws from the model.")
    return temperature


def check_levels(what: str, levels: Tensor, n: int) -> None:
    """Checks that values are levels 0 to n - 1, and not images in [-1, 1] or data with more levels.

    Args:
        what: the requested operation, for the message.
        levels: (B, C, H, W).
        n: number of levels of the model.

    Raises:
        GenzooError: the message names the given values and the expected ones.
    """
    if not levels.numel():
        return
    low, high = (bound.item() for bound in levels.aminmax())
    if levels.is_floating_point() or low < 0 or high >= n:
        raise GenzooError(
            f"{what}: {str(levels.dtype).removeprefix('torch.')} values from {low} to {high} were given, but the model "
            f"needs levels, integers from 0 to {n - 1}; give such images, or train a model for these."
        )


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
