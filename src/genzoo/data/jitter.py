"""Random changes of images: a crop, of the enlarged image, and a reflection."""

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from genzoo.core.errors import GenzooError


class Jitter:
    """Enlarges images, cuts a random square of the original size out of each, and reflects each with probability 1/2.

    Args:
        size: height and width in pixels of the images.
        enlarged: factor by which height and width are enlarged, bilinearly, from 1 to 2; None = no crop.
        flip: reflect images left to right.

    Raises:
        GenzooError: the factor is out of range.

    Source: phillipi/pix2pix, data/donkey_folder.lua: images of 256 pixels are enlarged to 286 (1.117).

    Example:
        >>> Jitter(size=2, enlarged=1.5, flip=True)(torch.zeros(5, 1, 2, 2, dtype=torch.uint8), Generator()).shape
        torch.Size([5, 1, 2, 2])
    """

    def __init__(self, size: int, enlarged: float | None = None, flip: bool = False):
        if enlarged is not None and not 1 <= enlarged <= 2:
            raise GenzooError(f"data.enlarged={enlarged}: a factor from 1 to 2 is needed, or null for no crop.")
        self.size, self.flip = size, flip
        self.enlarged = None if enlarged is None else round(enlarged * size)  # in pixels

    @property
    def changes(self) -> bool:
        """Whether it changes images at all."""
        return self.flip or self.enlarged is not None

    def __call__(self, levels: Tensor, generator: Generator) -> Tensor:
        """Levels, uint8 (B, C, size, size) -> new ones of the same shape."""
        if self.enlarged is not None:
            large = F.interpolate(levels.float(), (self.enlarged, self.enlarged), mode="bilinear")
            levels = random_squares(large.round().to(levels.dtype), self.size, generator)
        if self.flip:
            reflected = torch.rand(len(levels), generator=generator, device=levels.device) < 0.5
            levels = torch.where(reflected[:, None, None, None], levels.flip(-1), levels)
        return levels


def random_squares(images: Tensor, size: int, generator: Generator) -> Tensor:
    """A square at a random place of each image.

    Args:
        images: squares (B, C, H, H).
        size: height and width in pixels of the parts.
        generator: of the places.

    Returns:
        (B, C, size, size).
    """
    free = images.shape[-1] - size + 1
    corners = torch.randint(free, (2, len(images)), generator=generator, device=images.device)
    rows, columns = corners[..., None] + torch.arange(size, device=images.device)  # (B, size) each
    each = torch.arange(len(images), device=images.device)
    return images[each[:, None, None], :, rows[:, :, None], columns[:, None]].movedim(-1, 1)
