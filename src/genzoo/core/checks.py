"""Checks that many classes share."""

from typing import Any

import numpy as np

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
