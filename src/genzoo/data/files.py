"""Files of data sets, which are what they should be or are named."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from genzoo.core.errors import GenzooError


def damaged(
    path: Path | str, why: str | Exception, remedy: str = "delete it, so that it is downloaded again, or replace it"
) -> GenzooError:
    """The error for a file that cannot be what its name says."""
    return GenzooError(f"data.root: {path} is damaged ({one_line(why)}); {remedy}.")


def one_line(why: str | Exception) -> str:
    """A reason without line breaks; of an error, its type as well."""
    return " ".join((why if isinstance(why, str) else f"{type(why).__name__}: {why}").split())


@contextmanager
def verified(path: Path, digest: str, algorithm: str = "md5") -> Iterator[BinaryIO]:
    """The open file, at its beginning, once its content is known to be the expected one.

    Args:
        path: of the file.
        digest: hexadecimal, of the whole content.
        algorithm: a name that ``hashlib`` knows.

    Raises:
        GenzooError: the content is another, or cannot be read; nothing has been parsed then.
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
