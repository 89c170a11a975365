"""Additive white noise."""

import torch
from torch import Generator, Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.randomness import drawing_device
from genzoo.core.registry import register
from genzoo.translation.degradations.base import Degradation
from genzoo.translation.pairs import Shape


@register
class Noise(Degradation):
    """Adds independent normal noise to each number; the sum is not clipped.

    Args:
        shape: (C, H, W) of the images.
        sigma: standard deviation in levels of 255.

    Raises:
        GenzooError: the standard deviation is not positive.

    Example:
        >>> Noise((1, 2, 2), sigma=25).degrade(torch.zeros(3, 1, 2, 2)).shape
        torch.Size([3, 1, 2, 2])
    """

    def __init__(self, shape: Shape, sigma: float):
        super().__init__(shape)
        if not sigma > 0:
            raise GenzooError(f"model.pairs.sigma={sigma}: a positive number of levels is needed, such as 25.")
        self.sigma = sigma

    def degrade(self, images: Tensor, generator: Generator | None = None) -> Tensor:
        """The images plus noise."""
        noise = torch.randn(images.shape, generator=generator, device=drawing_device(generator, images.device))
        return images + self.sigma / 127.5 * noise.to(images)
