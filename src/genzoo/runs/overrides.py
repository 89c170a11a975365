"""The overrides of the command line."""

from collections.abc import Mapping, Sequence
from typing import Any


def parsed(overrides: Sequence[str]) -> list[Any]:
    """Parses overrides; invalid ones are skipped, since Hydra refuses them later."""
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
    """Returns group -> chosen option, and the overrides of the command line; empty outside of a Hydra application."""
    from hydra.core.hydra_config import HydraConfig

    if not HydraConfig.initialized():
        return {}, []
    hydra = HydraConfig.get()
    chosen = {group: option for group, option in hydra.runtime.choices.items() if not group.startswith("hydra")}
    return chosen, list(hydra.overrides.task)


def metrics_by_name(choices: Mapping[str, Any], overrides: Sequence[str]) -> list[str]:
    """Returns the metrics that the user chose by name: one, or a list, which Hydra's choices do not include."""
    lists = [override.value() for override in parsed(overrides) if override.key_or_group == "metrics"]
    chosen = choices.get("metrics", lists[-1] if lists else ())
    return [chosen] if isinstance(chosen, str) else [str(one) for one in chosen or ()]
