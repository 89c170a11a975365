"""Origin of a run's data and code, and reasons why its numbers are not comparable."""

from collections.abc import Mapping
from typing import Any

from genzoo.data.source import Data
from genzoo.runs.summary import code_version


def origin_of(data: Data) -> dict[str, str]:
    """Returns the identity of the data, as stored in checkpoints."""
    return {"source": data.source, "fingerprint": data.fingerprint()}


def marks_of(config: Mapping[str, Any], origin: Mapping[str, str]) -> list[str]:
    """Returns the reasons why these numbers are excluded from the results pages.

    Training images that anybody may bring count as the experiment's if they have its ``fingerprint``.

    Args:
        config: resolved configuration.
        origin: of the data, as ``origin_of`` returns it.
    """
    experiment = config.get("experiment") or {}
    known = origin["source"] == "official" or experiment.get("fingerprint") == origin["fingerprint"]
    return [*config["trainer"]["marks"], *([] if known else [f"data.source={origin['source']}"])]


def trained_by(resumed: Mapping[str, Any] | None) -> str:
    """Returns the version of the code, or all versions if a run was resumed with another one.

    Args:
        resumed: the checkpoint that the run is resumed from, or None.
    """
    versions = resumed["genzoo"]["trained_by"].split(", ") if resumed else []
    return ", ".join(dict.fromkeys([*versions, code_version()]))
