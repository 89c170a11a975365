"""The image that all tabs start from."""

from typing import NamedTuple

from torch import Tensor


class Start(NamedTuple):
    """An image that was clicked or uploaded.

    Args:
        image: (C, H, W) in [-1, 1].
        code: of the image, (latent.width,); None if it is unknown.
    """

    image: Tensor
    code: Tensor | None = None
