"""Checks that many classes share."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from genzoo.core.errors import GenzooError


def check_integer(key: str, value: Any, least: int, most: int | None = None) -> int:
    """The value, if it is an integer of at least ``least`` and, unless that is None, at most ``most``.

    Raises:
        GenzooError: naming the key.
    """
    if not isinstance(value, int) or value < least or (most is not None and value > most):
        accepted = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise GenzooError(f"{key}={value}: an integer {accepted} is needed.")
    return value


def check_positive(key: str, value: Any) -> None:
    """Refuses what is no positive integer.

    Raises:
        GenzooError: naming the key.
    """
    if not isinstance(value, int) or value < 1:
        raise GenzooError(f"{key}={value}: a positive integer is needed.")


def check_labels(labels: Any, n: int, classes: int, device: torch.device) -> Tensor | None:
    """Labels, as int64 on the device, if they are n classes of the model.

    Args:
        labels: an integer tensor (n,), or None.
        n: images.
        classes: of the model; 0 = its images depend on none.
        device: of the model.

    Raises:
        GenzooError: naming the labels' fault.
    """
    if labels is None:
        return None
    if not classes:
        raise GenzooError("labels: this model's images depend on no class; leave labels out.")
    if not isinstance(labels, Tensor):
        raise GenzooError(f"labels: a {type(labels).__name__} was given; use torch.tensor of integers.")
    if labels.dtype == torch.bool or labels.is_floating_point() or labels.is_complex():
        raise GenzooError(f"labels: {str(labels.dtype).removeprefix('torch.')} was given; integers are needed.")
    if labels.shape != (n,):
        raise GenzooError(f"labels: their shape is {tuple(labels.shape)}, but ({n},) is needed: one per image.")
    if n and not 0 <= labels.min() <= labels.max() < classes:
        raise GenzooError(
            f"labels: {labels.min()} to {labels.max()} were given; this model has the classes 0 to {classes - 1}."
        )
    return labels.long().to(device)


def check_finite(what: str, steps: int, seed: int, *given: Any) -> None:
    """Refuses what an environment gave if it is not finite.

    Args:
        what: ``"an observation"`` or ``"a reward"``.
        steps: of the episode, so far.
        seed: of the episode.
        given: arrays or numbers.

    Raises:
        GenzooError: naming the episode.
    """
    if not all(np.isfinite(values).all() for values in given):
        raise GenzooError(
            f"the environment gave {what} that is not finite, in an episode of {steps} steps (seed {seed}); correct "
            "the environment or its options."
        )
