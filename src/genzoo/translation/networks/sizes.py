"""The sizes of feature maps that are halved."""

from genzoo.core.errors import GenzooError


def halved(side: int, times: int) -> list[int]:
    """The sides of the maps after each halving, down to 4 or an odd number.

    Args:
        side: of the images, in pixels.
        times: least number of halvings.

    Raises:
        GenzooError: there are fewer halvings.

    >>> halved(64, 2), halved(28, 2)
    ([32, 16, 8, 4], [14, 7])
    """
    sides = [side]
    while sides[-1] > 4 and sides[-1] % 2 == 0:
        sides.append(sides[-1] // 2)
    if len(sides) <= times:
        wanted = f"a multiple of {2**times} above {2 ** (times + 1)}"
        raise GenzooError(f"data.size: these networks need a side that is {wanted}, not {side}.")
    return sides[1:]
