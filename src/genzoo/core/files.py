"""Atomic writing of files, and safe reading of untrusted ones."""

import json
import math
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.lib.npyio import NpzFile

from genzoo.core.errors import GenzooError

DEFLATE = 1032  # the largest compression ratio of deflate
# Characters with a meaning in paths, variables, patterns or overrides.
UNPLAIN = re.compile(r"""[/\\$%~=*?\[\]{}:"'<>|\x00-\x1f\x7f]""")


def plain_name(key: str, name: Any) -> str:
    """Checks and returns the plain name of a file or folder: no path, no variable, no pattern, not hidden.

    Every name from a configuration or a file that becomes a part of a path is checked here.

    Raises:
        GenzooError: naming the key.

    Example:
        >>> plain_name("recipe.name", "../elsewhere")
        Traceback (most recent call last):
        genzoo.core.errors.GenzooError: recipe.name='../elsewhere': a plain file name is needed: ...
    """
    if not isinstance(name, str) or not 0 < len(name) <= 150 or name.startswith(".") or UNPLAIN.search(name):
        raise GenzooError(f"{key}={name!r:.100}: a plain file name is needed: letters, digits, '-' and '_'.")
    return name


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yields the path of a temporary file, which replaces ``path`` when the block ends without an exception.

    Raises:
        GenzooError: the file cannot be written (disk full, no permission); ``path`` is unchanged.
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
            f"{path} could not be written ({error}); an earlier file of that name is unchanged. "
            "Free some space or choose another folder with paths.runs=..., then go on with resume=<run folder>."
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def write_json(path: Path, content: Any) -> None:
    """Writes plain containers as indented JSON."""
    with atomic_write(path) as partial:
        partial.write_text(json.dumps(content, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not JSON, or is nested too deeply.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def is_count(value: Any) -> bool:
    """Whether a value from a file is an integer of at least 0 that fits into int64."""
    return type(value) is int and 0 <= value < 2**63


@contextmanager
def opened_npz(path: Path) -> Iterator[NpzFile]:
    """Yields the arrays of an ``.npz``, which are read on access; pickles are refused.

    Raises:
        ValueError: the file is missing, damaged or not an ``.npz``, or declares more bytes than it contains; the
            message is one line.
    """
    try:
        file = np.load(path, allow_pickle=False)
        if not isinstance(file, NpzFile):
            raise ValueError("it is a single array, an .npy")
        with ZipFile(path) as archive:
            _check_sizes(archive)
    except Exception as error:  # numpy and zipfile raise almost anything on strange files
        raise ValueError(" ".join(str(error).split())[:200] or type(error).__name__) from error
    try:
        with file:
            yield file
    except (OSError, EOFError, ValueError, BadZipFile, zlib.error, NotImplementedError) as error:
        raise ValueError(" ".join(str(error).split())) from error


def _check_sizes(archive: ZipFile) -> None:
    """Compares the declared sizes of arrays with the content, before memory is allocated for any."""
    headers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    total = 0
    for entry in archive.infolist():
        with archive.open(entry) as member:
            shape, _, dtype = headers[np.lib.format.read_magic(member)](member)
            size = math.prod(shape) * dtype.itemsize
            held = entry.file_size - member.tell()
        if not dtype.hasobject and size != held:
            raise ValueError(f"{entry.filename} declares {size} bytes, but holds {held}")
        if entry.file_size > DEFLATE * (entry.compress_size + 1):
            raise ValueError(f"{entry.filename} declares more than it can hold")
        total += entry.file_size
    if total > (memory := os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")):
        raise ValueError(f"its arrays take {total} bytes, but this machine has {memory}")
