"""Checks of arguments that many classes share."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genzoo.core.batches import DataSpec
from genzoo.core.errors import GenzooError, near


def check_integer(key: str, value: Any, least: int, most: int | None = None) -> int:
    """Checks and returns an integer of at least ``least`` and, unless that is None, at most ``most``.

    Raises:
        GenzooError: the value is not such an integer; names the key.
    """
    if not isinstance(value, int) or value < least or (most is not None and value > most):
        accepted = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise GenzooError(f"{key}={value}: an integer {accepted} is needed.")
    return value


def check_positive(key: str, value: Any) -> None:
    """Checks that a value is a positive integer.

    Raises:
        GenzooError: it is not; names the key.
    """
    if not isinstance(value, int) or value < 1:
        raise GenzooError(f"{key}={value}: a positive integer is needed.")


def check_first_phase(key: str, rounds: int, total: int, then: str) -> None:
    """Checks that a run has rounds after its first phase.

    Args:
        key: setting of the number of rounds of the first phase.
        rounds: its value.
        total: number of rounds of the run.
        then: what is trained after the first phase, for the message.

    Raises:
        GenzooError: it has none; names the key and both numbers.
    """
    if total <= rounds:
        raise GenzooError(
            f"{key}={rounds}: the run has {total} rounds, none of them for {then}; choose fewer for the first phase, "
            "or more in all (trainer.rounds)."
        )


def check_weights(weights: Mapping[str, float]) -> None:
    """Checks that no weight of a loss's terms is negative.

    Args:
        weights: term -> its weight, which is the setting ``model.<term>_weight``.

    Raises:
        GenzooError: one is; names it.
    """
    for name, weight in weights.items():
        if not weight >= 0:
            raise GenzooError(f"model.{name}_weight={weight}: a number of at least 0 is needed; 0 = no term.")


def check_energies(key: str, energies: Sequence[float]) -> tuple[float, float]:
    """Checks and returns the least and the largest energy of particles, in GeV.

    Raises:
        GenzooError: they are not two positive numbers in order; names the key.
    """
    if len(energies) != 2 or not 0 < energies[0] < energies[1]:
        raise GenzooError(f"{key}={[*energies]}: two positive energies in GeV are needed, the smaller one first.")
    return energies[0], energies[1]


def check_classes(key: str, classes: int, data: DataSpec) -> None:
    """Checks that the data has as many classes as the model.

    Raises:
        GenzooError: the numbers differ; names the key and both.
    """
    if data.classes != classes:
        raise GenzooError(
            f"{key}={classes}, but data={data.name} has {data.classes} classes; "
            + (f"use {key}={data.classes}." if data.classes else "choose data with labels.")
        )


def check_labels(labels: Any, n: int, classes: int, device: torch.device) -> Tensor | None:
    """Checks the class labels of n images and returns them as int64 on the device.

    Args:
        labels: an integer tensor (n,), or None.
        n: number of images.
        classes: number of classes of the model; 0 = it is unconditional.
        device: device of the model.

    Raises:
        GenzooError: type, shape or values of the labels are wrong.
    """
    if labels is None:
        return None
    if not classes:
        raise GenzooError("labels: this model is not conditioned on classes; remove labels.")
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


def check_attributes(values: Mapping[str, float], attributes: Sequence[str]) -> None:
    """Checks values for attributes of images.

    Args:
        values: attribute -> value.
        attributes: the model's.

    Raises:
        GenzooError: the model has no such attribute, or a value is outside [0, 1]; names it.
    """
    for name, value in values.items():
        if name not in attributes:
            raise GenzooError(f"edit: the model has no attribute {name}. {near(name, attributes)}")
        if not isinstance(value, int | float) or not 0 <= value <= 1:
            raise GenzooError(f"edit: {name}={value}: a number from 0 (absent) to 1 (present) is needed.")


def check_images(what: str, images: Tensor, shape: Sequence[int]) -> None:
    """Checks that images have the model's size and channels.

    Args:
        what: the requested operation, for the message.
        images: (B, C, H, W).
        shape: (C, H, W).

    Raises:
        GenzooError: they differ; the message names both.
    """
    if images.dim() != 4 or tuple(images.shape[1:]) != tuple(shape):
        raise GenzooError(
            f"{what}: images of shape {tuple(images.shape)} were given, but the model is built for (number, channels, "
            f"height, width) = (any, {', '.join(map(str, shape))}); give such images, or train a model for these."
        )


def check_temperature(temperature: float) -> float:
    """Returns the temperature after checking that it is positive.

    Raises:
        GenzooError: it is not positive.
    """
    if not temperature > 0:
        raise GenzooError(f"model.temperature={temperature}: expected a number above 0; 1 draws from the model.")
    return temperature


def check_levels(what: str, levels: Tensor, n: int) -> None:
    """Checks that values are levels 0 to n - 1, and not images in [-1, 1] or data with more levels.

    Args:
        what: the requested operation, for the message.
        levels: (B, C, H, W), or tokens (B, 1, T).
        n: number of levels of the model.

    Raises:
        GenzooError: the message names the given values and the expected ones.
    """
    if not levels.numel():
        return
    low, high = (bound.item() for bound in levels.aminmax())
    if levels.is_floating_point() or low < 0 or high >= n:
        raise GenzooError(
            f"{what}: {str(levels.dtype).removeprefix('torch.')} values from {low} to {high} were given, but the model "
            f"needs levels, integers from 0 to {n - 1}; give such levels, or train a model for these."
        )


def check_finite(what: str, steps: int, seed: int, *given: Any) -> None:
    """Checks that observations or rewards of an environment are finite.

    Args:
        what: ``"an observation"`` or ``"a reward"``, for the message.
        steps: number of steps of the episode so far.
        seed: seed of the episode.
        given: arrays or numbers.

    Raises:
        GenzooError: a value is not finite; names the episode.
    """
    if not all(np.isfinite(values).all() for values in given):
        raise GenzooError(
            f"the environment returned {what} that is not finite, in an episode of {steps} steps (seed {seed}); "
            "correct the environment or its options."
        )
