"""Optional packages of exports."""

from importlib import import_module
from types import ModuleType

from genzoo.core.errors import GenzooError

EXTRAS = {"huggingface_hub": "hub"}


def imported(package: str, setting: str) -> ModuleType:
    """Imports a package of the extras ``export`` and ``hub``.

    Args:
        package: its name, or a module of it.
        setting: what needs it, for the message.

    Raises:
        GenzooError: it is not installed; the message has the command.
    """
    try:
        return import_module(package)
    except ImportError as error:
        extra = EXTRAS.get(package, "export")
        name = package.partition(".")[0]
        raise GenzooError(
            f'{setting}: the package {name} is not installed ({error}); pip install "genzoo[{extra}]"'
        ) from error
