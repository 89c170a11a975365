"""A class of torchvision.datasets: its settings, splits and addresses."""

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from genzoo.core.errors import GenzooError, near
from genzoo.data.files import one_line

#: split -> names that classes of torchvision have for it
SPLITS: Mapping[str, tuple[str, ...]] = {
    "train": ("train", "trainval", "train-standard"),
    "validation": ("val", "valid", "validation"),
    "test": ("test",),
}
#: a base class, and classes that unpickle a file of the current folder, which can run code (use data=lsun)
REFUSED = ("VisionDataset", "LSUN", "LSUNClass")
OURS = ("root", "download", "transform", "target_transform", "transforms")  # settings that are not options


class Absent(Exception):
    """The files of a set are not there."""


class TorchvisionClass:
    """A class of image sets of torchvision.

    Args:
        name: its name.
        options: further arguments of its constructor; with ``train`` or ``split`` only this part is used.

    Raises:
        GenzooError: there is no such class, it has no such options, or lacks one.
    """

    def __init__(self, name: str, options: Mapping[str, Any]):
        from torchvision import datasets

        known = {one: getattr(datasets, one) for one in datasets.__all__ if one not in REFUSED}
        known = {one: kind for one, kind in known.items() if isinstance(kind, type)}
        if name not in known:
            raise GenzooError(f"data.name={name}: torchvision.datasets has no such class. {near(name, known)}")
        self.name, self.kind, self.options = name, known[name], dict(options)
        settings = _settings(self.kind)
        self._accepts = set(settings)
        accepted = [key for key in settings if key not in OURS]
        for key in options:
            if key not in accepted:
                raise GenzooError(f"data.options.{key}: torchvision's {name} has no such option. {near(key, accepted)}")
        for key, setting in settings.items():
            if setting.default is setting.empty and key not in (*options, *OURS):
                raise GenzooError(
                    f"data.options.{key}: torchvision's {name} needs it; give 'data.options={{{key}: ...}}'."
                )

    @property
    def downloads(self) -> bool:
        """Whether torchvision can download it."""
        return "download" in self._accepts

    def addresses(self) -> list[str]:
        """Returns the addresses that the class states, from which files are downloaded."""
        found = [getattr(self.kind, name) for name in dir(self.kind) if not name.startswith("__")]
        return list(dict.fromkeys(url for value in found for url in _urls(value)))

    def build(self, root: Path, download: bool = False) -> dict[str, Any]:
        """Builds the sets.

        Args:
            root: folder of data sets.
            download: download missing files to it.

        Returns:
            "train", and "validation" and "test" if the class has them -> set.

        Raises:
            Absent: files are missing.
            GenzooError: files are damaged, or an option is out of range.
        """
        if "train" in self._accepts and "train" not in self.options:
            return {split: self._one(root, download, train=split == "train") for split in ("train", "test")}
        if "split" not in self._accepts or "split" in self.options:
            return {"train": self._one(root, download)}
        found: dict[str, Any] = {}
        for split, names in SPLITS.items():
            for name in names:
                if split not in found:
                    try:
                        found[split] = self._one(root, download, split=name)
                    except _NoSplit as error:
                        reason = str(error)
        if "train" not in found:
            raise GenzooError(f"data.options.split: {self.name} has no split train ({reason}); choose one.")
        return found

    def _one(self, root: Path, download: bool, **part: Any) -> Any:
        """Builds one set."""
        own = {"root": str(root), "download": download}
        given = {**{key: value for key, value in own.items() if key in self._accepts}, **self.options, **part}
        try:
            return self.kind(**given)
        except Exception as error:  # their readers raise many types of errors
            message = one_line(error)
            if isinstance(error, ValueError) and "split" in part and "argument split" in message:
                raise _NoSplit(message) from error
            if download:
                raise
            if isinstance(error, FileNotFoundError) or "not found" in message or "download" in message:
                raise Absent from error
            raise GenzooError(
                f"data=torchvision data.name={self.name}: its files in {root} cannot be read with these options "
                f"({message}); correct data.options, or replace the files."
            ) from error


class _NoSplit(Exception):
    """The class has no split of this name."""


def _settings(kind: type) -> dict[str, inspect.Parameter]:
    """Returns the parameters of a constructor, and those of the base classes to which it passes ``**kwargs``."""
    found: dict[str, inspect.Parameter] = {}
    for base in kind.__mro__:
        if "__init__" not in vars(base):
            continue
        own = inspect.signature(vars(base)["__init__"]).parameters.values()
        named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        found = {one.name: one for one in own if one.kind in named and one.name != "self"} | found
        if not any(one.kind is inspect.Parameter.VAR_KEYWORD for one in own):
            break
    return found


def _urls(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith("http"):
        yield value
    elif isinstance(value, Mapping):
        yield from _urls(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _urls(one)
