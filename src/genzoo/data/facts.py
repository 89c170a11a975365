"""Facts of a data set that its configuration repeats, because model configurations interpolate them."""

from collections.abc import Mapping
from typing import Any

from genzoo.core.errors import GenzooError, near


def check_facts(name: str, facts: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Refuses settings that contradict what is true of a data set.

    Args:
        name: of the data set.
        facts: key -> the one accepted value.
        given: the keys of the configuration that state facts.

    Raises:
        GenzooError: naming the first key that is wrong.
    """
    for key, value in given.items():
        if key not in facts:
            raise GenzooError(f"data.{key}: data={name} has no such setting. {near(key, facts)}")
        if value != facts[key]:
            raise GenzooError(
                f"data.{key}={value}: data={name} has {key}={facts[key]} and no other; remove the setting."
            )
