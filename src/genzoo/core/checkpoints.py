"""Checkpoints: written atomically, read as untrusted files.

A checkpoint contains Lightning's usual entries (state_dict, optimizer_states ...), ``progress`` and ``genzoo``: format,
resolved configuration as plain containers, source of the data, and version of the code. The file is a zip whose comment
is a digest of all bytes before it. A run keeps its last two, ``last.ckpt`` and ``previous.ckpt``.
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
    """Lightning's checkpoint plugin with atomic writes: if the process is killed, no partial file remains."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Writes the checkpoint to a temporary file, then renames it; an old ``last.ckpt`` becomes ``previous.ckpt``.

        Raises:
            GenzooError: the file cannot be written; an earlier file at ``path`` is unchanged.
        """
        path = Path(path)
        with atomic_write(path) as partial:
            torch.save(checkpoint, partial)
            _append_digest(partial)
            if path.name == LAST and path.exists():
                with atomic_write(path.with_name(PREVIOUS)) as second:
                    _link(path, second)

    def load_checkpoint(self, path: str | Path, map_location: Any = None, weights_only: bool | None = None) -> Any:
        """Calls the function ``load_checkpoint``; the other arguments are ignored."""
        return load_checkpoint(Path(path))


def _link(path: Path, second: Path) -> None:
    """Creates a hard link ``second`` to a file, or a copy if the file system has no links."""
    try:
        second.unlink(missing_ok=True)
        os.link(path, second)
    except OSError:
        shutil.copyfile(path, second)


def _append_digest(path: Path) -> None:
    """Writes the digest of a zip without a comment as its comment: length and text at the end of the file."""
    comment = _digest_comment(path, path.stat().st_size - 2)
    with path.open("r+b") as file:
        file.seek(-2, os.SEEK_END)
        file.write(comment)


def _digest_comment(path: Path, size: int) -> bytes:
    """The length and text of a zip's comment with the SHA-256 of the first ``size`` bytes of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while size > 0 and (block := file.read(min(size, BLOCK))):
            digest.update(block)
            size -= len(block)
    comment = f"sha256:{digest.hexdigest()}".encode()
    return len(comment).to_bytes(2, "little") + comment


def _check_content(path: Path) -> None:
    """Compares a file with its digest; a file of an earlier version, without one, with the zip's checksums.

    Raises:
        Exception: of any kind, if the file is damaged or declares more bytes than it contains.
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
            if file.read() != _digest_comment(path, file.tell() - len(comment) - 2):
                raise ValueError("its content does not match its digest")


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Reads an untrusted checkpoint.

    No code in it is run: only tensors and plain containers are accepted, and only registered objects in its
    configuration.

    Raises:
        GenzooError: the file is damaged, contains anything else, or is not a checkpoint of genzoo.
    """
    try:
        checkpoint = _read(path)
    except _Forbidden:
        raise
    except Exception as error:  # torch and zipfile raise almost anything on damaged files
        raise _damaged(path, error) from error
    return checked(checkpoint, path)


def checked(checkpoint: Any, path: Path) -> dict[str, Any]:
    """Checks the content of an untrusted checkpoint and returns it with the current names.

    Raises:
        GenzooError: it is not a checkpoint of genzoo, or its configuration names an object that is not registered.
    """
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
    """An undamaged file that could run code."""


def _read(path: Path) -> Any:
    """The content of a file, after the check for damage."""
    _check_content(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = str(error).split("\n")[0].rstrip(".")
        raise _Forbidden(
            f"{path}: the checkpoint contains more than tensors and plain containers, so it could run code when "
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
    """Loads a checkpoint's weights into a module and sets it to evaluation mode.

    Raises:
        GenzooError: the weights belong to another model, or are not finite.
    """
    check_weights(checkpoint, module, path)
    module.load_state_dict(checkpoint["state_dict"])
    module.eval()
