"""The settings of a configuration beside the signatures of what takes them."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hydra._internal.utils import _locate

from genzoo.core.errors import GenzooError, near
from genzoo.core.kinds import misfit

HYDRAS = ("_target_", "_partial_", "_convert_", "_recursive_", "_args_")


def check_settings(config: Any, key: str, given: Sequence[str] = ()) -> None:
    """Refuses settings that no constructor takes, and values of another kind than it is annotated with.

    Nothing is built. A target that cannot be found is left to whoever builds it.

    Args:
        config: plain containers.
        key: where they stand in the configuration, for messages.
        given: names that the outermost target is given beside the configuration.

    Raises:
        GenzooError: naming the first setting that is wrong.
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
        if name in HYDRAS:
            continue
        if name in parameters:
            _check_value(f"{key}.{name}", value, parameters[name])
        elif closed:
            raise GenzooError(f"{key}.{name}: {target.__name__} has no such setting. {near(name, accepted)}")


def settings_of(target: Callable[..., Any]) -> tuple[dict[str, inspect.Parameter], bool]:
    """The parameters that a class or function takes by name, and whether these are all.

    Where one of genzoo's classes hands on what it does not know, those of its base are among them.
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
    """The target; of one of genzoo's classes the constructors of its bases, nearest first."""
    if not (isinstance(target, type) and target.__module__.startswith("genzoo.") and "__init__" in vars(target)):
        return [target]
    return [vars(base)["__init__"] for base in target.__mro__ if "__init__" in vars(base) and base is not object]


def _found(target: Any) -> Any:
    """What a ``_target_`` names, if it can be found and has a signature."""
    if not isinstance(target, str):
        return None
    try:
        found = _locate(target)
        inspect.signature(found, eval_str=True)
    except Exception:  # whatever an import or an annotation raises
        return None
    return found


def _check_value(key: str, value: Any, parameter: inspect.Parameter) -> None:
    if parameter.annotation is parameter.empty or (value is None and parameter.default is None):
        return
    if message := misfit(key, value, parameter.annotation):
        raise GenzooError(message)
