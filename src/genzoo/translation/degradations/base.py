"""The base class of degradations: they make pairs of any set of images."""

from torch import Generator, Tensor

from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.translation.pairs import Shape


class Degradation:
    """Pairs of which x is an observation of y, an image of the data.

    Subclasses implement ``degrade`` and, if observations have another shape than images, set ``source``.

    Args:
        shape: (C, H, W) of the images.
    """

    def __init__(self, shape: Shape):
        self.source: Shape = tuple(shape)
        self.target: Shape = tuple(shape)

    def degrade(self, images: Tensor, generator: Generator | None = None) -> Tensor:
        """Observations (B, C', H', W') of images (B, C, H, W) in [-1, 1].

        Args:
            images: the images.
            generator: of the random numbers; None = the global one.
        """
        raise NotImplementedError

    def __call__(self, real: ImageBatch) -> tuple[Tensor, Tensor]:
        """Observations of the images, and the images."""
        return self.degrade(real.images), real.images

    def check_data(self, data: DataSpec) -> None:
        """Any set of images will do."""
