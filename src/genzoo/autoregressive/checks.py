"""What can be wrong with images, labels and masks that a model is handed."""

from collections.abc import Sequence

from torch import Tensor

from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError


def check_sizes(**sizes: int) -> None:
    """Refuses a network one of whose sizes, by name, is no positive integer.

    Raises:
        GenzooError: naming it.
    """
    for name, size in sizes.items():
        check_positive(f"model.network.{name}", size)


def check_temperature(temperature: float) -> float:
    """The temperature, if it is positive.

    Raises:
        GenzooError: it is not.
    """
    if not temperature > 0:
        raise GenzooError(f"model.temperature={temperature}: a number above 0 is needed; 1 draws from the model.")
    return temperature


def check_images(what: str, images: Tensor, shape: Sequence[int]) -> None:
    """Refuses images of another size or with other channels than the model is built for.

    Args:
        what: is asked of the model.
        images: (B, C, H, W).
        shape: (C, H, W).

    Raises:
        GenzooError: naming both.
    """
    if images.dim() != 4 or tuple(images.shape[1:]) != tuple(shape):
        raise GenzooError(
            f"{what}: images of shape {tuple(images.shape)} were given, but the model is built for (number, channels, "
            f"height, width) = (any, {', '.join(map(str, shape))}); give such images, or train a model for these."
        )


def check_levels(what: str, levels: Tensor, n: int) -> None:
    """Refuses what is no levels 0 to n - 1: images in [-1, 1], or of data with more levels.

    Args:
        what: is asked of the model.
        levels: (B, C, H, W).
        n: levels of a pixel that the model knows.

    Raises:
        GenzooError: naming what was given and what is needed.
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
    """Refuses a pixel that lies outside of the images.

    Args:
        what: is asked of the model.
        row, column: of the pixel, from 0 on.
        shape: (C, H, W) of the images.

    Raises:
        GenzooError: naming the pixel and what there is.
    """
    _, height, width = shape
    if not (0 <= row < height and 0 <= column < width):
        raise GenzooError(
            f"{what}: there is no pixel in row {row} and column {column}; the model's images have the rows 0 to "
            f"{height - 1} and the columns 0 to {width - 1}."
        )


def check_mask(mask: Tensor, images: Tensor) -> None:
    """Refuses a mask that does not say of each pixel of each image whether it is given.

    Raises:
        GenzooError: naming its shape and the one that is needed.
    """
    needed = (len(images), 1, *images.shape[2:])
    if tuple(mask.shape) != needed:
        raise GenzooError(
            f"complete: the mask's shape is {tuple(mask.shape)}, but {needed} is needed: for each image, 1 where a "
            "pixel is given and 0 where it is to be drawn."
        )


def check_given(images: Tensor, mask: Tensor) -> None:
    """Refuses given pixels that are no numbers in [-1, 1]; what images hold elsewhere does not matter.

    Raises:
        GenzooError: naming one, and what is needed.
    """
    given = images[mask.to(images.device).bool().expand_as(images)]
    wrong = given[~(given.abs() <= 1)] if given.is_floating_point() else given
    if len(wrong):
        raise GenzooError(
            f"complete: a given pixel is {wrong[0]} ({str(images.dtype).removeprefix('torch.')}), but images are "
            "needed, floats in [-1, 1]; make them of levels by genzoo.core.images.from_levels."
        )
