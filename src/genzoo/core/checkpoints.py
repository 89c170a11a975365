"""Checkpoints: written aside and renamed; read as untrusted.

A checkpoint holds Lightning's usual entries (state_dict, optimizer_states ...), ``progress`` and ``genzoo``: format,
resolved configuration as plain containers, where the data came from, and the version of the code.
"""

import os
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO

from genzoo.core.errors import GenzooError
from genzoo.core.files import aside
from genzoo.core.registry import check_targets

FORMAT = 1


class AtomicCheckpointIO(TorchCheckpointIO):
    """Lightning's plugin for files that are either whole or absent, whenever the process is killed."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Writes the checkpoint beside ``path``, then renames it.

        Raises:
            GenzooError: the file cannot be written; an earlier one at ``path`` stays as it was.
        """
        with aside(Path(path)) as partial:
            torch.save(checkpoint, partial)


def find_checkpoint(given: str | Path, key: str) -> Path:
    """The checkpoint file that a user means by a file or a run folder.

    Args:
        given: a ``.ckpt`` file, or a run folder that holds ``last.ckpt``.
        key: the configuration key it was given under, for the message.

    Raises:
        GenzooError: there is none.
    """
    path = Path(given)
    if path.is_dir():
        path = path / "last.ckpt"
    if not path.is_file():
        raise GenzooError(
            f"{key}={given}: there is no checkpoint {path}; give a run folder or a .ckpt file that exists."
        )
    return path


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Reads a checkpoint that may come from anyone.

    No code in it is run: tensors and plain containers only, and its configuration names registered objects only.

    Raises:
        GenzooError: the file is damaged, holds anything else, or is not genzoo's.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not _is_archive(path):
            raise _damaged(path, error) from error
        reason = str(error).split("\n")[0].rstrip(".")
        raise GenzooError(
            f"{path}: the checkpoint holds more than tensors and plain containers, so it could run code when "
            f"loaded; refused ({reason})."
        ) from error
    except Exception as error:  # torch raises almost anything on damaged files
        raise _damaged(path, error) from error
    if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get("genzoo"), Mapping):
        raise GenzooError(f"{path}: this is not a checkpoint of genzoo; give one that train.py wrote.")
    if checkpoint["genzoo"].get("format") != FORMAT:
        raise GenzooError(
            f"{path}: the checkpoint has format {checkpoint['genzoo'].get('format')}, this genzoo reads {FORMAT}; "
            "use the version that wrote it."
        )
    if lacking := [key for key in ("config", "choices", "data", "trained_by") if key not in checkpoint["genzoo"]]:
        raise GenzooError(f"{path}: the checkpoint lacks its {', '.join(lacking)}; give one that train.py wrote.")
    check_targets(checkpoint["genzoo"]["config"])
    return checkpoint


def _is_archive(path: Path) -> bool:
    """Whether a file is whole enough to be what ``torch.save`` writes."""
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:
        return False


def _damaged(path: Path, error: Exception) -> GenzooError:
    size = os.path.getsize(path) if path.exists() else 0
    return GenzooError(
        f"{path}: the checkpoint is truncated or damaged ({size} bytes, {type(error).__name__}); use another one, "
        "for example an earlier one from the run's checkpoints folder."
    )


def load_weights(module: torch.nn.Module, checkpoint: Mapping[str, Any], path: Path) -> None:
    """Puts a checkpoint's weights into a module.

    Raises:
        GenzooError: they belong to another model.
    """
    try:
        module.load_state_dict(checkpoint["state_dict"])
    except (RuntimeError, KeyError, TypeError) as error:
        first = str(error).split("\n")[1:2] or [str(error)]
        raise GenzooError(
            f"{path}: the weights do not fit the model ({first[0].strip()}); the checkpoint is of another model."
        ) from error
