"""Checks of images, labels and masks passed to a model."""

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


def check_images(what: str, images: Tensor, shape: Sequence[int]) -> None:
    """Checks that images have the model's size and channels.

    Args:
        what: the requested operation, for the message.
        images: (B, C, H, W).
        shape: (C, H, W).

    Raises:
        GenzooError: they differ; the message names both.
    """
    if images.dim() != 4 or tuple(images.shape[1:]) != tuple(shape):
        raise GenzooError(
            f"{what}: images of shape {tuple(images.shape)} were given, but the model is built for (number, channels, "
            f"height, width) = (any, {', '.join(map(str, shape))}); give such images, or train a model for these."
        )


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


def check_mask(mask: Tensor, images: Tensor) -> None:
    """Checks that a mask has one value per pixel of each image.

    Raises:
        GenzooError: the message names its shape and the expected one.
    """
    needed = (len(images), 1, *images.shape[2:])
    if tuple(mask.shape) != needed:
        raise GenzooError(
            f"complete: the mask's shape is {tuple(mask.shape)}, but {needed} is needed: for each image, 1 where a "
            "pixel is given and 0 where it is to be drawn."
        )


def check_given(images: Tensor, mask: Tensor) -> None:
    """Checks that given pixels are in [-1, 1]; other pixels may have any value.

    Raises:
        GenzooError: the message names a wrong value and the expected range.
    """
    given = images[mask.to(images.device).bool().expand_as(images)]
    wrong = given[~(given.abs() <= 1)] if given.is_floating_point() else given
    if len(wrong):
        raise GenzooError(
            f"complete: a given pixel is {wrong[0]} ({str(images.dtype).removeprefix('torch.')}), but images must "
            "be floats in [-1, 1]; convert levels with genzoo.core.images.from_levels."
        )
