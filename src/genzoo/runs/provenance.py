"""Where a run's data and code come from, and why its numbers may not be compared."""

from collections.abc import Mapping
from typing import Any

from genzoo.data.source import Data
from genzoo.runs.summary import code_version


def origin_of(data: Data) -> dict[str, str]:
    """Which data these are, as a checkpoint holds it."""
    return {"source": data.source, "fingerprint": data.fingerprint()}


def marks_of(config: Mapping[str, Any], data: Data) -> list[str]:
    """The reasons for which these numbers never enter the report."""
    strange = [] if data.source == "official" else [f"data.source={data.source}"]
    return [*config["trainer"]["marks"], *strange]


def trained_by(resumed: Mapping[str, Any] | None) -> str:
    """The version of the code, or the versions, where a run was resumed by another one.

    Args:
        resumed: the checkpoint that the run goes on from, or None.
    """
    versions = resumed["genzoo"]["trained_by"].split(", ") if resumed else []
    return ", ".join(dict.fromkeys([*versions, code_version()]))
