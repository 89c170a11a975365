"""What measurements of likelihoods share: units, names, protocol."""

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData


def bits_per_dim(nats: float, levels: Tensor) -> float:
    """Nats an image in bits a pixel and channel: nats / (C H W ln 2).

    >>> round(bits_per_dim(12 * math.log(256), Tensor(1, 3, 2, 2)), 6)
    8.0
    """
    return nats / (levels[0].numel() * math.log(2))


def standard_error(values: Tensor) -> float:
    """Of the mean of independent values (N,)."""
    return values.std(correction=0).item() / math.sqrt(len(values))


def check_finite(metric: str, what: str, values: Tensor) -> None:
    """Refuses values (N,), one an image, that are not all finite.

    Raises:
        GenzooError: saying what of how many images.
    """
    sick = (~values.isfinite()).nonzero().flatten().tolist()
    if sick:
        raise GenzooError(
            f"{metric}: {what} is not finite for {len(sick)} of {len(values)} images (the first: {sick[0]}); the "
            "model has diverged: measure an earlier checkpoint, or train it at a lower learning rate."
        )


def named(values: Mapping[str, float], data: ImageData, split: str, images: int) -> dict[str, float]:
    """The values, their names ending in ``_n<images>`` if these are not the whole split: papers measure all of it."""
    suffix = "" if images == data.count(split) else f"_n{images}"
    return {f"{name}{suffix}": value for name, value in values.items()}


def conditions(module: RoundModule, data: ImageData, split: str, images: int, batch_size: int) -> dict[str, Any]:
    """What decides a likelihood, for the protocol."""
    return {
        "images": images,
        "of_images": data.count(split),
        "levels": data.spec.levels,
        "drawn_levels": "once, by a fixed seed" if data.augments else None,
        "batch_size": batch_size,
        "averages": sorted(module.averages),
        "batch_norm": module.batch_norm,
    }
