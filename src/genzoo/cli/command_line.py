"""Checks of a command line before Hydra composes the configuration."""

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from genzoo.core.errors import GenzooError, listed, near
from genzoo.core.kinds import shown
from genzoo.runs.conf import option_files
from genzoo.runs.overrides import parsed


def check_command(arguments: Sequence[str], conf: Path) -> None:
    """Refuses unknown options, empty values, groups given twice, and groups without the name of an option.

    Args:
        arguments: arguments of the command line.
        conf: the folder of configurations.

    Raises:
        GenzooError: the message names the first wrong argument.
    """
    for override in parsed(_overrides(arguments)):
        key = override.key_or_group
        if override.input_line.rstrip().endswith("="):
            raise GenzooError(
                f"{key}=: the value is empty (a shell variable that is not set?); give one, or leave {key} out."
            )
        offered = list(option_files(key, conf))
        if (conf / key).is_dir() and not override.is_delete() and not override.is_sweep_override():
            value = override.value()
            if value is None or isinstance(value, bool):
                instead = f"{key}=none" if "none" in offered else f"one of: {listed(offered)}"
                raise GenzooError(f"{key}={shown(value)}: expected the name of an option; give {instead}.")
            if str(value).startswith("_"):
                raise GenzooError(f"{key}={value}: this is a part of options, not an option. {near(value, offered)}")
    _check_groups_given_once(arguments, conf)


def chosen_options(arguments: Sequence[str], conf: Path) -> list[str]:
    """Returns the overrides that choose options of groups."""
    overrides = parsed([argument for argument in arguments if not argument.startswith("-")])
    return [o.input_line for o in overrides if (conf / o.key_or_group).is_dir() and not o.is_sweep_override()]


def _overrides(arguments: Sequence[str]) -> list[str]:
    """Returns the arguments that are not Hydra's own options."""
    from hydra._internal.utils import get_args_parser

    parser = get_args_parser()

    def refuse(message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ").split(" ")[0]
        if unknown == message.split(" ")[0]:
            raise GenzooError(f"{message}; --help shows the options.")
        name, _, value = unknown.lstrip("-").partition("=")
        raise GenzooError(
            f"{unknown}: there is no such option, and settings have no dashes; write {name}={value or '<value>'}."
        )

    parser.error = refuse  # argparse would also print its usage
    return parser.parse_args(arguments).overrides


def _check_groups_given_once(arguments: Sequence[str], conf: Path) -> None:
    given: dict[str, str] = {}
    for override in chosen_options(arguments, conf):
        group = override.lstrip("+~").partition("=")[0]
        if given.setdefault(group, override) != override:
            raise GenzooError(
                f"{given[group]} {override}: {group} is given twice; give it once, or -m {group}=<one>,<other> for one "
                "run each."
            )
