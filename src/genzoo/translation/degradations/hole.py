"""Loss of a square part of an image."""

import torch
from torch import Generator, Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.randomness import drawing_device
from genzoo.core.registry import register
from genzoo.translation.degradations.base import Degradation
from genzoo.translation.pairs import Shape


@register
class Hole(Degradation):
    """Sets a square at a random place to 0, the grey between black and white; an image has a place of its own.

    Args:
        shape: (C, H, W) of the images.
        size: height and width of the square in pixels.

    Raises:
        GenzooError: the square does not leave a part of the image.

    Source: CC-GAN (Denton, Gross, Fergus 2016, arXiv 1611.06430): half of the height and width.

    Example:
        >>> Hole((1, 4, 4), size=2).degrade(torch.ones(1, 1, 4, 4)).sum()
        tensor(12.)
    """

    def __init__(self, shape: Shape, size: int):
        super().__init__(shape)
        if not 0 < size < min(shape[1:]):
            raise GenzooError(f"model.pairs.size={size}: a square of 1 to {min(shape[1:]) - 1} pixels is needed.")
        self.size = size

    def degrade(self, images: Tensor, generator: Generator | None = None) -> Tensor:
        """The images with a hole each."""
        device, hidden = drawing_device(generator, images.device), []
        for side in images.shape[2:]:
            corner = torch.randint(side - self.size + 1, (len(images), 1), generator=generator, device=device)
            distance = torch.arange(side, device=images.device) - corner.to(images.device)
            hidden.append((distance >= 0) & (distance < self.size))
        rows, columns = hidden
        return images.masked_fill((rows[:, :, None] & columns[:, None])[:, None], 0.0)
