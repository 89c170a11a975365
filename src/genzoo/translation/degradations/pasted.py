"""A part of another image in an image."""

from torch import Generator, Tensor

from genzoo.core.registry import register
from genzoo.translation.degradations.base import Degradation
from genzoo.translation.pairs import Shape


@register
class Pasted(Degradation):
    """Replaces the central square, half as high and wide, by that of the previous image of the batch.

    Args:
        shape: (C, H, W) of the images.

    Source: GP-GAN (Wu et al. 2017, arXiv 1703.07195); wuhuikai/GP-GAN, dataset.py, which pastes from another photograph
        of the same scene.

    Example:
        >>> import torch
        >>> Pasted((1, 2, 2)).degrade(torch.arange(2.0).view(2, 1, 1, 1).expand(2, 1, 2, 2))[:, 0].tolist()
        [[[0.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 0.0]]]
    """

    def __init__(self, shape: Shape):
        super().__init__(shape)
        halves = (side // 2 for side in shape[1:])
        self.square = tuple(slice(half - half // 2, 2 * half - half // 2) for half in halves)

    def degrade(self, images: Tensor, generator: Generator | None = None) -> Tensor:
        """The images with a part of another one; a single image as it is."""
        pasted, square = images.clone(), (..., *self.square)
        pasted[square] = images.roll(1, 0)[square]
        return pasted
