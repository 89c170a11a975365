"""Generative models of 2014-2017, trained, sampled and measured by one protocol."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genzoo.api import Run, list_data, list_models, load, train

__version__ = "0.1.0"
__all__ = ["Run", "list_data", "list_models", "load", "train"]


def __getattr__(name: str) -> Any:
    """Imports the API when it is used: ``import genzoo`` does not import torch."""
    if name in __all__:
        return getattr(import_module("genzoo.api"), name)
    raise AttributeError(f"module 'genzoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
