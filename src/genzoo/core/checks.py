"""Checks of settings that many classes share."""

from typing import Any

from genzoo.core.errors import GenzooError


def check_integer(key: str, value: Any, least: int) -> int:
    """The value, if it is an integer of at least ``least``.

    Raises:
        GenzooError: naming the key.
    """
    if not isinstance(value, int) or value < least:
        raise GenzooError(f"{key}={value}: an integer of at least {least} is needed.")
    return value


def check_positive(key: str, value: Any) -> None:
    """Refuses what is no positive integer.

    Raises:
        GenzooError: naming the key.
    """
    if not isinstance(value, int) or value < 1:
        raise GenzooError(f"{key}={value}: a positive integer is needed.")
