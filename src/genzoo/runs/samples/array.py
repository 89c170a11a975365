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


def write_array(blocks: Blocks, n: int, folder: Path, unit: str = "images") -> Iterator[int]:
    """Writes ``samples.npz``: what is drawn under the name of its unit, and ``labels``, int64.

    These are ``images``, uint8 (n, H, W, C), ``videos``, uint8 (n, T, H, W, C), ``volumes``, uint8 (n, D, H, W), 255 =
    occupied, ``points``, ``showers`` and ``jets``, float32 (n, C), ``tunes``, float32 (n, 4, T), or ``sequences`` of
    tokens, int64 (n, T).

    Drawn samples are appended to a file of raw values, which becomes the archive at the end; so memory does not depend
    on n, and a run that was killed goes on after the last whole sample.

    Args:
        blocks: the samples; models without classes have no ``labels``.
        n: their number.
        folder: an existing folder.
        unit: ``"images"``, ``"videos"``, ``"volumes"``, ``"points"``, ``"showers"``, ``"jets"``, ``"tunes"`` or
            ``"sequences"``.

    Yields:
        The number of samples that are written, after each block.
    """
    path, raw = folder / FILE, folder / f".{FILE}.raw"
    if path.is_file():
        yield n
        return
    channels, *extent = blocks.shape
    shape, kind = {
        "images": ((*extent, channels), np.dtype("u1")),
        "volumes": (tuple(extent), np.dtype("u1")),
        "videos": ((*extent, channels), np.dtype("u1")),
        "points": ((channels,), np.dtype("<f4")),
        "showers": ((channels,), np.dtype("<f4")),
        "jets": ((channels,), np.dtype("<f4")),
        "tunes": ((channels, *extent), np.dtype("<f4")),
        "sequences": (tuple(extent), np.dtype("<i8")),
    }[unit]
    bytes_each = math.prod(shape) * kind.itemsize
    with raw.open("ab") as file:
        done = min(file.tell() // bytes_each, n)
        file.truncate(done * bytes_each)
        while done < n:
            block, first = divmod(done, blocks.size)
            drawn = blocks.images(block)[first : n - block * blocks.size]
            values = to_levels(drawn).movedim(1, -1) if kind.itemsize == 1 else drawn.flatten(1)
            if values.is_floating_point():
                values = values.float()  # NumPy has no bfloat16
            file.write(values.cpu().contiguous().numpy().astype(kind, copy=False).tobytes())
            file.flush()
            done += len(drawn)
            yield done
    # The archive that numpy.savez would write, without its arrays in memory.
    with atomic_write(path) as partial, zipfile.ZipFile(partial, "w") as archive, raw.open("rb") as file:
        with _member(archive, unit, kind, (n, *shape)) as member:
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
