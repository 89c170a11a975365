"""Codes of given images."""

from torch import Tensor

from genzoo.app.explored import Explored
from genzoo.core.capabilities import Encodes
from genzoo.core.image_edit import projection
from genzoo.core.randomness import generator

SEARCH = 200  #: steps of the search


def codes_of(model: Explored, images: Tensor) -> Tensor:
    """The codes (B, latent.width) of images (B, C, H, W): the encoder's, or the nearest ones of a search.

    Raises:
        GenzooError: the search fails.
    """
    module, given = model.module, images.to(model.module.device)
    if Encodes in model.offers:
        return module.encode(given).cpu()
    return projection(module, SEARCH)(module, given, generator(0, "explorer")).codes.cpu()
