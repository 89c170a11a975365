"""The registry of objects that the configuration of a checkpoint may name.

A checkpoint contains the configuration that rebuilds its model, and a configuration names classes. An untrusted one
could name any function of any installed package, so only registered objects are built from it: genzoo's own classes
(decorated with ``@register``), torch's optimizers, Lightning's loggers, and objects that the user registered. The
*resolved* object is looked up, not its name, because modules re-export others: ``genzoo.runs.train.os.system`` begins
with ``genzoo``.
"""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import torch
from pytorch_lightning import loggers

from genzoo.core.errors import GenzooError

T = TypeVar("T")


def _classes(module: Any, base: type) -> set[Any]:
    return {found for found in vars(module).values() if isinstance(found, type) and issubclass(found, base)}


_registered: set[Any] = _classes(torch.optim, torch.optim.Optimizer)
_loggers: set[Any] = _classes(loggers, loggers.Logger)  # they choose folders and servers
_packages: set[str] = {"genzoo", "torch.optim", "pytorch_lightning.loggers"}


def register(target: T) -> T:
    """Decorator of a class (or function) that configurations stored in checkpoints may name."""
    _registered.add(target)
    return target


def register_logger(target: T) -> T:
    """Decorator of a logger, or of a function that returns one: only the loggers of a configuration may name it."""
    _loggers.add(target)
    return target


def trust(modules: Sequence[str]) -> None:
    """Imports the user's modules, so that checkpoints may name the objects that they register.

    Args:
        modules: dotted names, e.g. ``["my_models.flow"]``.

    Raises:
        GenzooError: a module cannot be imported.
    """
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception as error:  # the user's code can raise anything
            raise GenzooError(
                f"trust={module}: the module cannot be imported ({error}); give the dotted name of one that can."
            ) from error
        _packages.add(module)


def check_targets(config: Any, among_loggers: bool = False) -> None:
    """Checks that a plain configuration names registered objects only, and contains no interpolation.

    Args:
        config: the configuration.
        among_loggers: it is the group ``logger``, which names loggers.

    Raises:
        GenzooError: it does not; names the target or the interpolation.
    """
    for key, value in _walk(config):
        if key == "_target_":
            _check_target(value, _loggers if among_loggers else _registered)
        elif isinstance(value, str) and "${" in value:
            raise GenzooError(f"checkpoint: its configuration contains the interpolation {value!r}; refused.")


def _walk(config: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(config, Mapping):
        for name, value in config.items():
            yield from _walk(value, str(name))
    elif isinstance(config, Sequence) and not isinstance(config, str):
        for value in config:
            yield from _walk(value, key)
    else:
        yield key, config


def _check_target(target: Any, registered: set[Any]) -> None:
    refusal = GenzooError(
        f"checkpoint: its configuration names {target!r}, which is not registered with genzoo; refused. "
        "If it is your own class, decorate it with genzoo.core.registry.register and pass trust=[its.module]."
    )
    # Importing runs a module's code, so only modules of trusted packages are imported.
    if not isinstance(target, str) or not any(target.startswith(f"{package}.") for package in _packages):
        raise refusal
    parts = target.split(".")
    for i in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:i]))
        except ImportError:
            continue
        try:
            for name in parts[i:]:
                found = getattr(found, name)
            if found in registered:
                return
        except (AttributeError, TypeError):
            pass
        break
    raise refusal
