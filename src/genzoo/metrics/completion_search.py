"""Completion of images by a latent search."""

from torch import Generator, Tensor
from torch.nn import functional as F

from genzoo.core.batches import Images
from genzoo.core.completion import upper_half
from genzoo.core.errors import GenzooError
from genzoo.core.latent_search import LatentSearch
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.metrics.completion import Completions


def near_missing(mask: Tensor, window: int) -> Tensor:
    """Weights (B, 1, H, W) of pixels: the share of missing ones in the window around a given one; 0 of missing ones.

    Args:
        mask: (B, 1, H, W), 1 = given.
        window: height and width of the window in pixels, an odd number; it is cut at the image's border.

    Source: Yeh et al. 2017, arXiv 1607.07539, equation 3, which has windows of 7 pixels.

    >>> import torch
    >>> near_missing(torch.tensor([[[[1.0, 1.0, 1.0, 0.0]]]]), 3).flatten()
    tensor([0.0000, 0.0000, 0.3333, 0.0000])
    """
    given = mask.float()
    return given * F.avg_pool2d(1 - given, window, 1, window // 2, count_include_pad=False)


@register
class SearchedCompletions(Completions):
    """Shows images, the same images without their lower half, and completions for every model that decodes.

    A completion has the missing pixels of the image of the model that is nearest on the given pixels. Completions of
    one image differ in the start of the search.

    Args:
        search: the latent search.
        window: the given pixels have the weights ``near_missing``; None = the weight 1.
        images, completions, seed: see ``Completions``.

    Raises:
        GenzooError: a setting is not a positive integer, or the window is even.

    Source: Yeh et al. 2017, arXiv 1607.07539, section 3; here without its blending. Its prior loss is the distance
        ``PixelsAndPrior``.
    """

    name = "completion_search"

    def __init__(
        self, search: LatentSearch, images: int = 8, completions: int = 6, seed: int = 0, window: int | None = None
    ):
        super().__init__(images, completions, seed)
        if window is not None and not (isinstance(window, int) and window > 0 and window % 2):
            raise GenzooError(f"metrics.{self.name}.window={window}: a positive odd integer is needed, or null.")
        self.search, self.needs, self.window = search, search.needs | {Images}, window

    def given(self, module: RoundModule, images: Tensor) -> Tensor:
        """The mask (1, H, W) of the upper half."""
        return upper_half(*images.shape[2:])

    def complete(self, module: RoundModule, images: Tensor, mask: Tensor, generator: Generator) -> Tensor:
        """The given pixels of images (B, C, H, W), and the found images' pixels outside the mask (B, 1, H, W)."""
        found = self.search(module, images, generator, near_missing(mask, self.window) if self.window else mask)
        return images.where(mask, module.decode(found.codes))
