"""The image sizes of networks whose feature maps double or halve in size."""

from collections.abc import Sequence

from genzoo.core.errors import GenzooError


def halvings(shape: tuple[int, int, int]) -> tuple[int, int]:
    """The number of halvings down to 4 x 4 pixels (7 x 7 for 28 pixels), and that smallest size.

    Args:
        shape: (C, H, W) of the images.

    Raises:
        GenzooError: the size is neither a power of two from 16 to 1024 nor 28.

    >>> halvings((3, 64, 64)), halvings((1, 28, 28))
    ((4, 4), (2, 7))
    """
    _, height, width = shape
    if height != width or (height != 28 and height not in (2**n for n in range(4, 11))):
        raise GenzooError(
            f"model: these networks double feature maps from 4 pixels up, so data.size={height} is not possible; "
            "choose a power of two (16, 32, 64, 128 ...) or 28."
        )
    return (2, 7) if height == 28 else (height.bit_length() - 3, 4)


def widths(shape: Sequence[int], channels: int, coarsest: tuple[int, ...]) -> list[int]:
    """The channels of the maps from half the data's extent down to the coarsest one, twice as many at each halving.

    Args:
        shape: (C, *extent) of the data, such as volumes or videos.
        channels: of the map at half resolution.
        coarsest: extent of the coarsest map.

    Raises:
        GenzooError: the extent is not the coarsest one, doubled one to five times.

    >>> widths((3, 32, 64, 64), 64, coarsest=(2, 4, 4))
    [64, 128, 256, 512]
    """
    extents = [tuple(side * 2**times for side in coarsest) for times in range(1, 6)]
    if tuple(shape[1:]) not in extents:
        *possible, given = (" x ".join(map(str, extent)) for extent in [*extents, shape[1:]])
        raise GenzooError(
            f"model: these networks are for data of {', '.join(possible)}, not of {given}; change data.size, or "
            "data.frames of videos."
        )
    return [channels * 2**i for i in range(extents.index(tuple(shape[1:])) + 1)]


def check_size(shape: tuple[int, int, int], size: int) -> None:
    """Checks that images have ``size`` x ``size`` pixels.

    Raises:
        GenzooError: they have other sizes; names both.
    """
    if tuple(shape[1:]) != (size, size):
        raise GenzooError(
            f"model: these networks are for {size} x {size} pixels, not data.size={shape[1]}; use data.size={size}."
        )
