"""Facts of a data set that its configuration repeats, because model configurations interpolate them."""

from collections.abc import Mapping
from typing import Any

from genzoo.core.errors import GenzooError, near

OPTIONS = ("batch_size", "rounds", "seed", "labels_per_class", "label_seed")  # that every set has: of ``ImageData``


def check_facts(name: str, facts: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Refuses settings that contradict what is true of a data set, or that no set has.

    Args:
        name: of the data set.
        facts: key -> the one accepted value.
        given: the keys of the configuration that state facts, and options that every set has.

    Returns:
        What ``ImageData`` is to be told: the facts and the given options.

    Raises:
        GenzooError: naming the first key that is wrong.
    """
    for key, value in given.items():
        if key not in (*facts, *OPTIONS):
            raise GenzooError(f"data.{key}: data={name} has no such setting. {near(key, (*facts, *OPTIONS))}")
        if key in facts and value != facts[key]:
            raise GenzooError(
                f"data.{key}={value}: data={name} has {key}={facts[key]} and no other; remove the setting."
            )
    return {**given, **facts}
