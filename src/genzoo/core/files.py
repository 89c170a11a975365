"""Files that are whole or not there."""

import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.lib.npyio import NpzFile

from genzoo.core.errors import GenzooError


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Gives a path to write to; what lies there is put in place of ``path`` when the block ends well.

    Raises:
        GenzooError: the file cannot be written (disk full, no permission); ``path`` stays as it was.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        with open(partial, "rb") as written:
            os.fsync(written.fileno())
        os.replace(partial, path)
    except (OSError, RuntimeError) as error:  # torch.save reports a full disk as a RuntimeError
        raise GenzooError(
            f"{path} could not be written ({error}); what was there before is untouched. "
            "Free some space or choose another folder with paths.runs=..., then go on with resume=<run folder>."
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def write_json(path: Path, content: Any) -> None:
    """Writes plain containers as indented JSON."""
    with aside(path) as partial:
        partial.write_text(json.dumps(content, indent=2) + "\n")


@contextmanager
def opened_npz(path: Path) -> Iterator[NpzFile]:
    """Gives the arrays of an ``.npz``, which are read when they are asked for; pickles are refused.

    Raises:
        ValueError: it is missing, damaged or another file; in one line.
    """
    try:
        file = np.load(path, allow_pickle=False)
        if not isinstance(file, NpzFile):
            raise ValueError("it is a single array, an .npy")
        with file:
            yield file
    except (OSError, EOFError, ValueError, BadZipFile, zlib.error, NotImplementedError) as error:
        raise ValueError(" ".join(str(error).split())) from error
