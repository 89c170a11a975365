"""What measurements of likelihoods share: the estimate, units, names, protocol."""

import logging
import math
import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import Generator, Tensor

from genzoo.core.capabilities import BoundsLikelihood
from genzoo.core.errors import GenzooError
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData

PATIENCE = 30.0  # seconds between two lines that say how far it is

log = logging.getLogger("genzoo")


def log_prob(module: RoundModule, levels: Tensor, n_importance: int, batch_size: int, draws: Generator) -> Tensor:
    """log p(x) in nats, float64 (N,) on the CPU; says how far it is, since it may take hours.

    Args:
        module: scores likelihoods.
        levels: images, uint8 (N, C, H, W).
        n_importance: draws of the posterior an image, where it is not exact.
        batch_size: images a pass.
        draws: generates them, on the module's device.
    """
    found, last = [], time.monotonic()
    for batch in levels.split(batch_size):
        found.append(module.log_prob(batch.to(module.device), n_importance, draws).cpu().double())
        if time.monotonic() - last > PATIENCE:
            last = time.monotonic()
            log.info(f"likelihood of {sum(map(len, found))} of {len(levels)} images")
    return torch.cat(found)


def bits_per_dim(nats: float, levels: Tensor) -> float:
    """Nats an image in bits a pixel and channel: nats / (C H W ln 2).

    >>> round(bits_per_dim(12 * math.log(256), torch.empty(1, 3, 2, 2)), 6)
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


def estimator(module: RoundModule, n_importance: int, seed: int) -> dict[str, Any]:
    """How the likelihood is come by, for the protocol: a model that only bounds it estimates it by sampling."""
    if BoundsLikelihood not in module.capabilities():
        return {"estimator": "exact"}
    return {"estimator": "importance sampling", "n_importance": n_importance, "seed": seed}


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
