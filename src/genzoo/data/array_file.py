"""Reading of .npz and .npy files, the header of each array before its content."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from genzoo.core.errors import GenzooError, listed
from genzoo.data.files import one_line


class ArrayFile:
    """The arrays of a .npz file, or the one of a .npy file, as ``images``; nothing in them is executed.

    Args:
        path: the file.

    Raises:
        GenzooError: it is missing, damaged, holds no such arrays, or Python objects.
    """

    def __init__(self, path: Path):
        self.path = path
        if not path.is_file():
            raise GenzooError(f"data.file={path}: there is no such file; give a .npz or .npy file.")
        found = self._guarded(lambda: np.load(path, mmap_mode="r", allow_pickle=False))
        self._npz = found if isinstance(found, np.lib.npyio.NpzFile) else None
        self._only = None if self._npz is not None else found
        self.keys: list[str] = ["images"] if self._npz is None else list(self._npz.files)

    def header(self, key: str) -> tuple[tuple[int, ...], np.dtype]:
        """Returns shape and type of an array, which is not read."""
        if self._only is not None:
            return self._only.shape, self._only.dtype
        return self._guarded(lambda: self._header(key))

    def read(self, key: str) -> NDArray:
        """Returns an array; that of a .npy file is mapped into memory, others are read as a whole."""
        return self._only if self._only is not None else self._guarded(lambda: self._npz[key])  # type: ignore[index]

    def listing(self) -> str:
        """Returns the names of the arrays, for messages."""
        return listed(self.keys) or "nothing"

    def _header(self, key: str) -> tuple[tuple[int, ...], np.dtype]:
        with self._npz.zip.open(f"{key}.npy") as file:  # type: ignore[union-attr]
            read = npy.read_array_header_1_0 if npy.read_magic(file) == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = read(file)
        return shape, dtype

    def _guarded(self, act: Any) -> Any:
        """Calls a reader; an error becomes one line."""
        try:
            return act()
        except Exception as error:  # damaged zip files and arrays raise many types of errors
            raise GenzooError(
                f"data.file={self.path}: it cannot be read ({one_line(error)}); save it again with numpy.savez, as "
                "arrays of numbers."
            ) from error
