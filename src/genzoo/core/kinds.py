"""Checks of plain values against type annotations."""

import os
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal, Required, TypeVar, Union, get_args, get_origin, is_typeddict

NAMES: Mapping[Any, str] = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a string",
    type(None): "null",
}


def fits(value: Any, kind: Any) -> bool:
    """Whether a value of a configuration is accepted for a parameter with the annotation ``kind``.

    A mapping is accepted for every class, since it may be the configuration of an instance. Only booleans are accepted
    for ``bool``, and a boolean is not accepted as a number.

    >>> fits(3, float), fits(True, int), fits("no", bool), fits([1], "unknown")
    (True, False, False, True)
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(value, os.PathLike):  # given in Python
        return fits(os.fspath(value), kind)
    if origin in (Union, types.UnionType):
        return any(fits(value, one) for one in arguments)
    if origin in (Annotated, Required):
        return fits(value, arguments[0])
    if origin is Literal:
        return value in arguments
    if kind is None or kind is type(None):
        return value is None
    if isinstance(value, Mapping):
        return kind not in NAMES
    kind = origin or kind
    if isinstance(kind, TypeVar) or not isinstance(kind, type) or kind is object:
        return True
    if kind in (bool, int, float, str):
        numbers = (int, float) if kind is float else kind
        return isinstance(value, numbers) and (kind is bool or not isinstance(value, bool))
    if isinstance(value, str):
        return issubclass(kind, os.PathLike)
    if isinstance(value, list | tuple):
        return issubclass(kind, Iterable) and not issubclass(kind, Mapping)
    return kind in type(value).__mro__


def described(kind: Any) -> str:
    """A description in words of the values that an annotation accepts.

    >>> described(int | None), described(Literal["rank", "global"]), described(list[str])
    ('an integer or null', 'rank or global', 'a list')
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(map(described, arguments)))
    if origin in (Annotated, Required):
        return described(arguments[0])
    if origin is Literal:
        return " or ".join(map(str, arguments))
    kind = origin or kind
    if kind in NAMES:
        return NAMES[kind]
    if not isinstance(kind, type):
        return "something else"
    if issubclass(kind, os.PathLike):
        return NAMES[str]
    if issubclass(kind, Mapping) or is_typeddict(kind):
        return "a mapping"
    if issubclass(kind, Iterable) and kind.__module__ in ("builtins", "collections.abc"):
        return "a list"
    return "a mapping with a _target_" + ("" if kind is Callable else f" ({kind.__name__})")


def shown(value: Any) -> str:
    """A value in the syntax of the command line.

    >>> shown(None), shown(True), shown("no")
    ('null', 'true', 'no')
    """
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def misfit(key: str, value: Any, kind: Any) -> str | None:
    """The error message for a value that an annotation does not accept; None if it is accepted.

    >>> misfit("trainer.rounds", 1000.0, int)
    'trainer.rounds=1000.0: an integer is needed; write 1000.'
    """
    if fits(value, kind):
        return None
    message = f"{key}={shown(value)}: {described(kind)} is needed"
    if isinstance(value, float) and value.is_integer() and fits(int(value), kind):
        return f"{message}; write {int(value)}."
    if isinstance(value, str) and fits([value], kind):
        return f"{message}; write {key}=[{value}]."
    if isinstance(value, int | float) and not isinstance(value, bool) and fits(str(value), kind):
        return f"{message}; write {key}=\"'{shown(value)}'\"."
    return f"{message}."
