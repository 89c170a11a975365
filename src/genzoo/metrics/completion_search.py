"""Completion of images by a latent search."""

from torch import Generator, Tensor

from genzoo.core.latent_search import LatentSearch
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.metrics.completion import Completions


@register
class SearchedCompletions(Completions):
    """Shows images, the same images without their lower half, and completions for every model that decodes.

    A completion has the missing pixels of the image of the model that is nearest on the given pixels. Completions of
    one image differ in the start of the search.

    Args:
        search: the latent search.
        images, completions, seed: see ``Completions``.

    Raises:
        GenzooError: a setting is not a positive integer.

    Source: Yeh et al. 2017, arXiv 1607.07539, section 3; here without its weights of pixels, its prior loss (the
        discriminator's output) and its blending.
    """

    name = "completion_search"

    def __init__(self, search: LatentSearch, images: int = 8, completions: int = 6, seed: int = 0):
        super().__init__(images, completions, seed)
        self.search, self.needs = search, search.needs

    def complete(self, module: RoundModule, images: Tensor, mask: Tensor, generator: Generator) -> Tensor:
        """The given pixels of images (B, C, H, W), and the found images' pixels outside the mask (B, 1, H, W)."""
        found = self.search(module, images, generator, mask)
        return images.where(mask, module.decode(found.codes))
