"""Checks of a data set's facts, which its configuration repeats for model configurations to interpolate."""

from collections.abc import Mapping
from typing import Any

from genzoo.core.errors import GenzooError, near

OPTIONS = ("batch_size", "rounds", "seed", "labels_per_class", "label_seed", "only_classes")  #: of every ``ImageData``


def check_facts(name: str, facts: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Checks settings that state facts of a data set.

    Args:
        name: name of the data set.
        facts: key -> the one accepted value.
        given: settings of the configuration: facts, and options that every set has.

    Returns:
        Arguments of ``ImageData``: the facts and the given options.

    Raises:
        GenzooError: a setting contradicts a fact or does not exist; the message names the first such key.
    """
    for key, value in given.items():
        if key not in (*facts, *OPTIONS):
            raise GenzooError(f"data.{key}: data={name} has no such setting. {near(key, (*facts, *OPTIONS))}")
        if key in facts and value != facts[key]:
            raise GenzooError(
                f"data.{key}={value}: data={name} has {key}={facts[key]} and no other; remove the setting."
            )
    return {**given, **facts}
