"""Directions of codes between images that have an attribute of the data and images that have it less."""

import torch
from torch import Tensor

from genzoo.app.codes_of import codes_of
from genzoo.app.explored import Explored
from genzoo.core.capabilities import Encodes
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels

LOOKED_AT = 10_000  #: training images among which both sides are found
ENCODED, SEARCHED = 500, 16  #: images of each side, if the model encodes them and if their codes are searched for


def names(model: Explored) -> list[str]:
    """The classes and the factors of the data."""
    return [*(f"class {i}" for i in range(model.spec.classes)), *model.spec.factors]


def direction(model: Explored, name: str) -> Tensor:
    """The mean code of training images with an attribute minus that of others, (latent.width,).

    Args:
        model: a model that decodes.
        name: one of ``names``: a class against the others, or the values of a factor above its mean against the others.

    Raises:
        GenzooError: all images are alike in it.
    """
    found = model.data.evaluation_images("train", LOOKED_AT)
    if name in model.spec.factors:
        values = found.factors[:, model.spec.factors.index(name)]
        having, known = values > values.mean(), torch.ones_like(values, dtype=torch.bool)
    else:
        having, known = found.labels == int(name.removeprefix("class ")), found.labels >= 0
    if not having.any() or not (known & ~having).any():
        raise GenzooError(f"{name}: all images are alike in it; choose another attribute.")
    most = ENCODED if Encodes in model.offers else SEARCHED
    sides = [found.images[side][:most] for side in (having, known & ~having)]
    with_it, without = (codes_of(model, from_levels(side, model.spec.levels)).mean(0) for side in sides)
    return with_it - without
