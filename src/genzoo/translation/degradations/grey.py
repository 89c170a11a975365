"""Loss of colour."""

from torch import Generator, Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.images import luma
from genzoo.core.registry import register
from genzoo.translation.degradations.base import Degradation
from genzoo.translation.pairs import Shape


@register
class Grey(Degradation):
    """The luma of colour images.

    Args:
        shape: (3, H, W) of the images.

    Raises:
        GenzooError: the images have no three channels.

    Example:
        >>> import torch
        >>> Grey((3, 2, 2)).degrade(torch.ones(5, 3, 2, 2)).shape
        torch.Size([5, 1, 2, 2])
    """

    def __init__(self, shape: Shape):
        super().__init__(shape)
        if shape[0] != 3:
            raise GenzooError(f"data.channels={shape[0]}: this model needs colour images; choose data of 3 channels.")
        self.source = (1, *self.target[1:])

    def degrade(self, images: Tensor, generator: Generator | None = None) -> Tensor:
        """Grey images (B, 1, H, W) in [-1, 1]."""
        return luma(images)
