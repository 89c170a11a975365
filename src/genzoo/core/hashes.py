"""SHA-256 of files and of tensors."""

import hashlib
from pathlib import Path

from torch import Tensor


def hash_of_file(path: Path) -> str:
    """Returns the SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_of_content(*tensors: Tensor) -> str:
    """Returns a hash of shapes and values, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(f"{tensor.dtype} {tuple(tensor.shape)} ".encode())
        digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()[:16]
