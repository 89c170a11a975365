"""The pool of earlier translations that a discriminator sees."""

import torch
from torch import Tensor, nn

from genzoo.core.checks import check_integer
from genzoo.core.ranks import gather_over_ranks, own_rows


class ImagePool(nn.Module):
    """The first ``size`` images are stored and shown; then each image is shown itself, or replaces a stored one.

    The latter happens with probability 1/2: a random stored image is shown, and the new one takes its place. Images
    pass one by one, those of all ranks through one pool, a copy of which each rank has.

    Args:
        shape: (C, H, W) of the images.
        size: number of stored images; 0 = images are shown as they are.

    Raises:
        GenzooError: the size is negative.

    Source: junyanz/CycleGAN, util/image_pool.lua; section 4 of arXiv 1703.10593, after Shrivastava et al. 2017,
        arXiv 1612.07828.
    """

    images: Tensor
    held: Tensor

    def __init__(self, shape: tuple[int, int, int], size: int = 50):
        super().__init__()
        check_integer("model.pool", size, 0)
        self.register_buffer("images", torch.zeros(size, *shape))
        self.register_buffer("held", torch.zeros((), dtype=torch.long))  # number of stored images

    def forward(self, images: Tensor) -> Tensor:
        """New images (B, C, H, W) -> the images shown, without gradients."""
        if not len(self.images):
            return images.detach()
        new = gather_over_ranks(images.detach()).to(self.images.dtype)
        draws = gather_over_ranks(torch.rand(len(new), 2, device=new.device))[: len(new)]  # of the first rank
        shown = [self._exchange(image, *draw) for image, draw in zip(new, draws, strict=True)]
        return own_rows(torch.stack(shown))

    def _exchange(self, image: Tensor, place: Tensor, chance: Tensor) -> Tensor:
        """The image shown for a new image (C, H, W), given two uniform numbers; without branches, which would wait."""
        size = len(self.images)
        full = self.held >= size
        place = torch.where(full, (place * size).long(), self.held)[None]  # an index of one element copies
        old, swap = self.images[place][0], full & (chance < 0.5)
        self.images[place] = torch.where(swap | ~full, image, old)
        self.held += ~full
        return torch.where(swap, old, image)
