"""The folder of samples, which belongs to one command."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

import genzoo
from genzoo.core.errors import GenzooError
from genzoo.core.files import read_json, write_json
from genzoo.core.hashes import hash_of_content

FILE = "samples.json"


def open_folder(folder: Path, described: Mapping[str, Any], may_grow: bool) -> None:
    """Creates the folder, or checks that the samples in it are those of the same command; writes ``samples.json``.

    Args:
        folder: the folder.
        described: what the samples depend on, and what is told about them.
        may_grow: whether a greater ``n`` adds samples to the folder.

    Raises:
        GenzooError: the folder holds other files, or samples of another command.
    """
    if (folder / FILE).is_file():
        _check_same(folder, described, may_grow)
    else:
        check_new(folder)
    write_json(folder / FILE, dict(described))


def check_new(folder: Path) -> None:
    """Checks that a folder is new or empty.

    Raises:
        GenzooError: it is a file, or holds files.
    """
    if folder.exists() and not folder.is_dir():
        raise GenzooError(f"out={folder}: it is a file; give a folder.")
    if folder.is_dir() and (other := next(folder.glob("[!.]*"), None)):
        raise GenzooError(f"out={folder}: it holds other files, such as {other.name}; give a new or empty folder.")


def _check_same(folder: Path, described: Mapping[str, Any], may_grow: bool) -> None:
    try:
        before = read_json(folder / FILE)
        number = int(before["n"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GenzooError(f"out={folder}: its {FILE} is damaged ({error!r:.100}); give a new folder.") from error
    for key, value in described.items():
        if key not in ("n", "checkpoint", "genzoo") and before.get(key) != value:
            what = "other weights" if key == "weights" else f"{key}={before.get(key)}, not {value}"
            raise GenzooError(f"out={folder}: it holds samples with {what}; give a new folder.")
    if number > described["n"] or (number < described["n"] and not may_grow):
        raise GenzooError(f"out={folder}: it is a folder of n={number} samples; give n={number}, or a new folder.")


def described_model(name: str, module: nn.Module, path: Path) -> dict[str, str]:
    """Returns the version of the code, and a model's name, checkpoint, and hash of parameters and buffers."""
    state = sorted(module.state_dict().items())
    weights = hash_of_content(*(value.detach().cpu() for _, value in state))
    return {"genzoo": genzoo.__version__, "model": name, "checkpoint": str(path), "weights": weights}
