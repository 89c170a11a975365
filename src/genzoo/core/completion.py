"""Completion of images: typical masks, and the check of images and masks."""

from collections.abc import Sequence

import torch
from torch import Tensor

from genzoo.core.checks import check_images, check_positive
from genzoo.core.errors import GenzooError


def upper_half(height: int, width: int) -> Tensor:
    """The mask under which the upper half of an image is given, bool (1, height, width).

    >>> upper_half(2, 1).tolist()
    [[[True], [False]]]
    """
    return (torch.arange(height) < height // 2).view(-1, 1).expand(1, height, width)


def around_centre(side: int, hole: int) -> Tensor:
    """The mask under which all but a central square of ``hole`` pixels is given, bool (1, side, side).

    >>> around_centre(4, 2)[0, 1].tolist()
    [True, False, False, True]
    """
    given, missing = torch.ones(1, side, side, dtype=torch.bool), slice((side - hole) // 2, (side + hole) // 2)
    given[:, missing, missing] = False
    return given


def check_completion(images: Tensor, mask: Tensor, shape: Sequence[int]) -> None:
    """Checks images to be completed, and the mask of their given pixels.

    Args:
        images: (B, C, H, W) in [-1, 1]; missing pixels may have any value.
        mask: (B, 1, H, W), 1 = given.
        shape: (C, H, W) of the model's images.

    Raises:
        GenzooError: there are no images, they or the mask have another size, or a given pixel is out of range.
    """
    check_images("complete", images, shape)
    check_positive("number of images", len(images))
    check_mask(mask, images)
    check_given(images, mask)


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
