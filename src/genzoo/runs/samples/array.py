"""Samples as one NumPy archive."""

import math
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from genzoo.core.files import atomic_write
from genzoo.core.images import to_levels
from genzoo.runs.samples.blocks import Blocks

FILE = "samples.npz"
BLOCK = 1 << 20  # bytes or labels written at a time


def write_array(blocks: Blocks, n: int, folder: Path, points: bool = False) -> Iterator[int]:
    """Writes ``samples.npz``: ``images``, uint8 (n, H, W, C), or ``points``, float32 (n, C); and ``labels``, int64.

    Drawn samples are appended to a file of raw values, which becomes the archive at the end; so memory does not depend
    on n, and a run that was killed goes on after the last whole sample.

    Args:
        blocks: the samples; models without classes have no ``labels``.
        n: their number.
        folder: an existing folder.
        points: whether the data are continuous points and not images.

    Yields:
        The number of samples that are written, after each block.
    """
    path, raw = folder / FILE, folder / f".{FILE}.raw"
    if path.is_file():
        yield n
        return
    channels, height, width = blocks.shape
    shape, kind = ((channels,), np.dtype("<f4")) if points else ((height, width, channels), np.dtype("u1"))
    bytes_each = math.prod(shape) * kind.itemsize
    with raw.open("ab") as file:
        done = min(file.tell() // bytes_each, n)
        file.truncate(done * bytes_each)
        while done < n:
            block, first = divmod(done, blocks.size)
            drawn = blocks.images(block)[first : n - block * blocks.size]
            values = drawn.float().flatten(1) if points else to_levels(drawn).movedim(1, -1)
            file.write(values.cpu().contiguous().numpy().astype(kind, copy=False).tobytes())
            file.flush()
            done += len(drawn)
            yield done
    # The archive that numpy.savez would write, without its arrays in memory.
    with atomic_write(path) as partial, zipfile.ZipFile(partial, "w") as archive, raw.open("rb") as file:
        with _member(archive, "points" if points else "images", kind, (n, *shape)) as member:
            shutil.copyfileobj(file, member, BLOCK)
        if blocks.classes:
            with _member(archive, "labels", np.dtype("<i8"), (n,)) as member:
                for start in range(0, n, BLOCK):
                    member.write(blocks.labels(start, min(start + BLOCK, n)).astype("<i8").tobytes())
    raw.unlink()
    yield n


@contextmanager
def _member(archive: zipfile.ZipFile, name: str, kind: np.dtype, shape: tuple[int, ...]) -> Iterator[IO[bytes]]:
    """Yields a file for the values of an array of the archive, after its header."""
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(member, header)
        yield member
