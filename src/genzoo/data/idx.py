"""IDX files: the format in which MNIST and its relatives are distributed."""

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path

import torch
from torch import Tensor

from genzoo.data.files import damaged


def find_idx(path: Path) -> Path | None:
    """Returns ``path`` or the compressed ``path``.gz, whichever exists, or None."""
    return next((p for p in (path, path.with_name(path.name + ".gz")) if p.is_file()), None)


def read_idx(path: Path, dimensions: int, md5: str | None = None) -> Tensor:
    """Reads the array of unsigned bytes in an IDX file, compressed or not.

    Args:
        path: the file; compressed if it ends in ``.gz``.
        dimensions: number of dimensions of the array: 3 for images, 1 for labels.
        md5: expected MD5 of the whole uncompressed file.

    Returns:
        uint8, of the shape stated in the file.

    Raises:
        GenzooError: the file is damaged; the message names it.

    Source: http://yann.lecun.com/exdb/mnist, "the IDX file format".
    """
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(path, error) from error
    if md5 is not None and hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
        raise damaged(path, f"the MD5 of its uncompressed content is not {md5}")
    start = 4 + 4 * dimensions
    if len(content) < start or content[:4] != bytes((0, 0, 8, dimensions)):  # 8: unsigned bytes
        raise damaged(path, f"it does not begin like an IDX file of {dimensions}-dimensional bytes")
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    if len(content) - start != math.prod(shape):
        raise damaged(path, f"it states {math.prod(shape)} bytes and holds {len(content) - start}")
    return torch.frombuffer(bytearray(content[start:]), dtype=torch.uint8).view(shape)
