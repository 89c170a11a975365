"""Verification of data files, and the error for damaged ones."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from genzoo.core.errors import GenzooError


def damaged(
    path: Path | str, why: str | Exception, remedy: str = "delete it, so that it is downloaded again, or replace it"
) -> GenzooError:
    """Returns the error for a file with unexpected content."""
    return GenzooError(f"data.root: {path} is damaged ({one_line(why)}); {remedy}.")


def one_line(why: str | Exception) -> str:
    """Returns a reason without line breaks; for an error, with its type."""
    return " ".join((why if isinstance(why, str) else f"{type(why).__name__}: {why}").split())


@contextmanager
def verified(path: Path, digest: str, algorithm: str = "md5") -> Iterator[BinaryIO]:
    """Yields the open file, at its beginning, after its content was verified by a hash.

    Args:
        path: the file.
        digest: hexadecimal hash of the whole content.
        algorithm: a name that ``hashlib`` knows.

    Raises:
        GenzooError: the hash differs, or the file cannot be read; nothing has been parsed.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise damaged(path, error) from error
    with file:
        if hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest() != digest:
            raise damaged(path, f"its {algorithm.upper()} is not {digest}")
        file.seek(0)
        yield file
