"""Checkpoints: written aside and renamed; read as untrusted.

A checkpoint holds Lightning's usual entries (state_dict, optimizer_states ...), ``progress`` and ``genzoo``: format,
resolved configuration as plain containers, where the data came from, and the version of the code. Its file is a zip
whose comment is a digest of all that precedes it. A run keeps its last two, ``last.ckpt`` and ``previous.ckpt``.
"""

import hashlib
import os
import pickle
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO

from genzoo.core.checkpoint_schema import check_entries, check_weights
from genzoo.core.earlier import renamed, with_seen
from genzoo.core.errors import GenzooError
from genzoo.core.files import atomic_write
from genzoo.core.registry import check_targets

FORMAT = 1
LAST, PREVIOUS = "last.ckpt", "previous.ckpt"
BLOCK = 1 << 20  # bytes read at a time


class AtomicCheckpointIO(TorchCheckpointIO):
    """Lightning's plugin for files that are either whole or absent, whenever the process is killed."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Writes the checkpoint beside ``path``, then renames it; what was ``last.ckpt`` becomes ``previous.ckpt``.

        Raises:
            GenzooError: the file cannot be written; an earlier one at ``path`` stays as it was.
        """
        path = Path(path)
        with atomic_write(path) as partial:
            torch.save(checkpoint, partial)
            _seal(partial)
            if path.name == LAST and path.exists():
                with atomic_write(path.with_name(PREVIOUS)) as second:
                    _link(path, second)

    def load_checkpoint(self, path: str | Path, map_location: Any = None, weights_only: bool | None = None) -> Any:
        """As the function of that name."""
        return load_checkpoint(Path(path))


def _link(path: Path, second: Path) -> None:
    """Gives a file a second name; a copy where the file system has no links."""
    try:
        second.unlink(missing_ok=True)
        os.link(path, second)
    except OSError:
        shutil.copyfile(path, second)


def _seal(path: Path) -> None:
    """Makes the digest of a zip without a comment its comment, whose length and text end the file."""
    ending = _ending(path, path.stat().st_size - 2)
    with path.open("r+b") as file:
        file.seek(-2, os.SEEK_END)
        file.write(ending)


def _ending(path: Path, size: int) -> bytes:
    """How a file ends whose first bytes, so many, are these."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while size > 0 and (block := file.read(min(size, BLOCK))):
            digest.update(block)
            size -= len(block)
    comment = f"sha256:{digest.hexdigest()}".encode()
    return len(comment).to_bytes(2, "little") + comment


def _check_content(path: Path) -> None:
    """Compares a file with its digest; an older one, which has none, with the zip's check sums.

    Raises:
        Exception: of any kind, if the file is damaged, or declares more than it holds.
    """
    with zipfile.ZipFile(path) as archive:
        comment, entries = archive.comment, archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ValueError("its content is compressed, which torch.save never does")
        if sum(entry.file_size for entry in entries) > path.stat().st_size:
            raise ValueError("it declares more than it holds")
        if not comment and (name := archive.testzip()):
            raise ValueError(f"the check sum of {name.partition('/')[2]} is wrong")
    if comment:
        with path.open("rb") as file:
            file.seek(-len(comment) - 2, os.SEEK_END)
            if file.read() != _ending(path, file.tell() - len(comment) - 2):
                raise ValueError("its content is not what was written")


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Reads a checkpoint that may come from anyone.

    No code in it is run: tensors and plain containers only, and its configuration names registered objects only.

    Raises:
        GenzooError: the file is damaged, holds anything else, or is not genzoo's.
    """
    try:
        checkpoint = _read(path)
    except _Forbidden:
        raise
    except Exception as error:  # torch and zipfile raise almost anything on damaged files
        raise _damaged(path, error) from error
    if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get("genzoo"), Mapping):
        raise GenzooError(f"{path}: this is not a checkpoint of genzoo; give one that train.py wrote.")
    given = checkpoint["genzoo"].get("format")
    if not isinstance(given, int) or given != FORMAT:
        raise GenzooError(
            f"{path}: the checkpoint has format {given!r:.50}, this genzoo reads {FORMAT}; "
            "use the version that wrote it."
        )
    checkpoint = renamed(check_entries(with_seen(checkpoint), path))
    check_targets(checkpoint["genzoo"]["config"])
    return checkpoint


class _Forbidden(GenzooError):
    """A whole file that could run code."""


def _read(path: Path) -> Any:
    """What a file holds, once it is known to be what was written."""
    _check_content(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = str(error).split("\n")[0].rstrip(".")
        raise _Forbidden(
            f"{path}: the checkpoint holds more than tensors and plain containers, so it could run code when "
            f"loaded; refused ({reason})."
        ) from error


def _damaged(path: Path, error: Exception) -> GenzooError:
    size = path.stat().st_size if path.exists() else 0
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    run = path.parent.parent if path.parent.name == "checkpoints" else path.parent
    others = {found for found in (*run.glob("*.ckpt"), *run.glob("checkpoints/*.ckpt")) if found != path}
    newest = next((p for p in sorted(others, key=lambda p: p.stat().st_mtime, reverse=True) if _is_healthy(p)), None)
    advice = f"the newest healthy one of the run is {newest}" if newest else "the run has no other one that is healthy"
    return GenzooError(f"{path}: the checkpoint is truncated or damaged ({size} bytes; {reason}); {advice}.")


def _is_healthy(path: Path) -> bool:
    try:
        return isinstance(_read(path), dict)
    except Exception:  # see load_checkpoint
        return False


def load_weights(module: torch.nn.Module, checkpoint: Mapping[str, Any], path: Path) -> None:
    """Puts a checkpoint's weights into a module, and the module into evaluation mode.

    Raises:
        GenzooError: they belong to another model, or are not finite.
    """
    check_weights(checkpoint, module, path)
    module.load_state_dict(checkpoint["state_dict"])
    module.eval()
