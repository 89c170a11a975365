"""The overrides of the command line."""

from collections.abc import Mapping, Sequence
from typing import Any


def parsed(overrides: Sequence[str]) -> list[Any]:
    """Hydra's overrides; one that is none is left to Hydra, which refuses it."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import OverrideParseException

    parser, found = OverridesParser.create(), []
    for override in overrides:
        try:
            found += parser.parse_overrides([override])
        except OverrideParseException:
            continue
    return found


def given_now() -> tuple[dict[str, Any], list[str]]:
    """Group -> chosen option, and the overrides of the command line; empty outside of an entry."""
    from hydra.core.hydra_config import HydraConfig

    if not HydraConfig.initialized():
        return {}, []
    hydra = HydraConfig.get()
    chosen = {group: option for group, option in hydra.runtime.choices.items() if not group.startswith("hydra")}
    return chosen, list(hydra.overrides.task)


def metrics_by_name(choices: Mapping[str, Any], overrides: Sequence[str]) -> list[str]:
    """The metrics that the user chose by their own names: one, or a list, which is no choice of Hydra's."""
    lists = [override.value() for override in parsed(overrides) if override.key_or_group == "metrics"]
    chosen = choices.get("metrics", lists[-1] if lists else ())
    return [chosen] if isinstance(chosen, str) else [str(one) for one in chosen or ()]
