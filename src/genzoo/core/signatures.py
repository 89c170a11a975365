"""Checks of a configuration's settings against the signatures of the classes that it names."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hydra._internal.utils import _locate

from genzoo.core.errors import GenzooError, near
from genzoo.core.kinds import misfit

HYDRA_KEYS = ("_target_", "_partial_", "_convert_", "_recursive_", "_args_")


def check_settings(config: Any, key: str, given: Sequence[str] = ()) -> None:
    """Checks that constructors accept all settings, and that values have the annotated types.

    Nothing is built. Targets that cannot be imported are skipped.

    Args:
        config: plain containers.
        key: key of ``config`` in the whole configuration, for messages.
        given: names of arguments of the outermost target that are not set by the configuration.

    Raises:
        GenzooError: a setting is wrong; names the first one.
    """
    if isinstance(config, list | tuple):
        for one in config:
            check_settings(one, key)
    if not isinstance(config, Mapping):
        return
    for name, value in config.items():
        check_settings(value, f"{key}.{name}")
    if (target := _found(config.get("_target_"))) is None or config.get("_args_"):
        return
    parameters, closed = settings_of(target)
    accepted = [name for name in parameters if name not in given]
    for name, value in config.items():
        if name in HYDRA_KEYS:
            continue
        if name in parameters:
            _check_value(f"{key}.{name}", value, parameters[name])
        elif closed:
            raise GenzooError(f"{key}.{name}: {target.__name__} has no such setting. {near(name, accepted)}")


def settings_of(target: Callable[..., Any]) -> tuple[dict[str, inspect.Parameter], bool]:
    """The named parameters of a class or function, and whether it accepts no others.

    For a genzoo class that passes ``**kwargs`` to its base class, the parameters of the base class are included.
    """
    parameters: dict[str, inspect.Parameter] = {}
    for one in _signatures(target):
        own = inspect.signature(one, eval_str=True).parameters
        named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        parameters = {name: p for name, p in own.items() if p.kind in named and name != "self"} | parameters
        if not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in own.values()):
            return parameters, True
    return parameters, False


def _signatures(target: Any) -> list[Any]:
    """The target itself, or for a genzoo class the constructors of the class and its bases, nearest first."""
    if not (isinstance(target, type) and target.__module__.startswith("genzoo.") and "__init__" in vars(target)):
        return [target]
    return [vars(base)["__init__"] for base in target.__mro__ if "__init__" in vars(base) and base is not object]


def _found(target: Any) -> Any:
    """The object of a ``_target_``, or None if it cannot be imported or has no signature."""
    if not isinstance(target, str):
        return None
    try:
        found = _locate(target)
        inspect.signature(found, eval_str=True)
    except Exception:  # imports and annotations can raise anything
        return None
    return found


def _check_value(key: str, value: Any, parameter: inspect.Parameter) -> None:
    if parameter.annotation is parameter.empty or (value is None and parameter.default is None):
        return
    if message := misfit(key, value, parameter.annotation):
        raise GenzooError(message)
