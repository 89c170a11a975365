"""The check that a network has the members of a protocol."""

import inspect
from typing import Protocol

from torch import nn

from genzoo.core.errors import GenzooError


def missing(network: nn.Module, protocol: type) -> list[str]:
    """The public members of a protocol that a network lacks, or has with another number of arguments.

    >>> class Named(Protocol):
    ...     name: str
    >>> missing(nn.Linear(2, 1), Named)
    ['name']
    """
    bases = [base for base in protocol.__mro__ if getattr(base, "_is_protocol", False) and base is not Protocol]
    declared = {name for base in bases for name in (*vars(base), *inspect.get_annotations(base))}
    return sorted(name for name in declared if not name.startswith("_") and not _has(network, protocol, name))


def _has(network: nn.Module, protocol: type, name: str) -> bool:
    """Whether a network has a member, and a method takes as many arguments as the protocol's."""
    if not hasattr(network, name):
        return False
    if not inspect.isfunction(wanted := getattr(protocol, name, None)):
        return True
    try:
        inspect.signature(getattr(network, name)).bind(*list(inspect.signature(wanted).parameters)[1:])
    except TypeError:
        return False
    return True


def check_network(network: nn.Module, protocol: type, key: str) -> None:
    """Checks that a network has the members of a protocol.

    Args:
        network: the network.
        protocol: a ``typing.Protocol``.
        key: the network's key in the configuration, for the message.

    Raises:
        GenzooError: members are missing; names them.
    """
    if names := missing(network, protocol):
        raise GenzooError(
            f"{key}: this model needs a {protocol.__name__} ({protocol.__module__}), but "
            f"{type(network).__name__} has no {', no '.join(names)} of that form; choose another network."
        )
