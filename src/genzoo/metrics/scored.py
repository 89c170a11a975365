"""Functions that several likelihood metrics share: estimate, units, names, protocol."""

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

LOG_INTERVAL = 30.0  # seconds between two progress lines

log = logging.getLogger("genzoo")


def log_prob(module: RoundModule, levels: Tensor, n_importance: int, batch_size: int, draws: Generator) -> Tensor:
    """Returns log p(x) in nats, float64 (N,) on the CPU; logs its progress, since it may take hours.

    Args:
        module: model with the capability ScoresLikelihood.
        levels: images, uint8 (N, C, H, W).
        n_importance: posterior draws per image, for models whose likelihood is not exact.
        batch_size: images per pass.
        draws: generator for these draws, on the module's device.
    """
    found, last = [], time.monotonic()
    for batch in levels.split(batch_size):
        found.append(module.log_prob(batch.to(module.device), n_importance, draws).cpu().double())
        if time.monotonic() - last > LOG_INTERVAL:
            last = time.monotonic()
            log.info(f"likelihood of {sum(map(len, found))} of {len(levels)} images")
    return torch.cat(found)


def bits_per_dim(nats: float, levels: Tensor) -> float:
    """Converts nats per image to bits per dimension: nats / (C H W ln 2).

    >>> round(bits_per_dim(12 * math.log(256), torch.empty(1, 3, 2, 2)), 6)
    8.0
    """
    return nats / (levels[0].numel() * math.log(2))


def standard_error(values: Tensor) -> float:
    """Returns the standard error of the mean of independent values (N,)."""
    return values.std(correction=0).item() / math.sqrt(len(values))


def check_finite(metric: str, what: str, values: Tensor) -> None:
    """Checks that values (N,), one per image, are finite.

    Raises:
        GenzooError: a value is not finite; the message gives the number of such images.
    """
    not_finite = (~values.isfinite()).nonzero().flatten().tolist()
    if not_finite:
        raise GenzooError(
            f"{metric}: {what} is not finite for {len(not_finite)} of {len(values)} images (the first: "
            f"{not_finite[0]}); the model has diverged: measure an earlier checkpoint, or train it at a lower learning "
            "rate."
        )


def named(values: Mapping[str, float], data: ImageData, split: str, images: int) -> dict[str, float]:
    """Appends ``_n<images>`` to the names if the images are not the whole split, which papers measure."""
    suffix = "" if images == data.count(split) else f"_n{images}"
    return {f"{name}{suffix}": value for name, value in values.items()}


def estimator(module: RoundModule, n_importance: int, seed: int) -> dict[str, Any]:
    """Returns the protocol's entries about the estimator: exact, or importance sampling for models with a bound."""
    if BoundsLikelihood not in module.capabilities():
        return {"estimator": "exact"}
    return {"estimator": "importance sampling", "n_importance": n_importance, "seed": seed}


def conditions(module: RoundModule, data: ImageData, split: str, images: int, batch_size: int) -> dict[str, Any]:
    """Returns the protocol's entries about the conditions that a likelihood depends on."""
    return {
        "images": images,
        "of_images": data.count(split),
        "levels": data.spec.levels,
        "drawn_levels": "once, by a fixed seed" if data.augments else None,
        "batch_size": batch_size,
        "averages": sorted(module.averages),
        "batch_norm": module.batch_norm,
    }
