"""What a feature extractor is to those who measure with it."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor


class Extractor(NamedTuple):
    """A fixed network, and the protocol of the numbers that are measured with it.

    Args:
        name: in logs and protocols.
        suffix: ends the names of its numbers; empty for the one extractor that papers compare on.
        registered: its name in torch-fidelity.
        weights: file.
        sha256: of the file.
        channels: of the images that it takes; grey images are repeated.
        samples: number of samples that its protocol asks for.
        resize: how it brings images to its own size.
        facts: what else the protocol says of it.
    """

    name: str
    suffix: str
    registered: str
    weights: Path
    sha256: str
    channels: int
    samples: int
    resize: str
    facts: Mapping[str, Any] = {}


def to_bytes(levels: Tensor, n: int) -> Tensor:
    """Levels 0 .. n-1 (uint8) on the scale of photographs.

    >>> import torch
    >>> to_bytes(torch.tensor([0, 1], dtype=torch.uint8), 2)
    tensor([  0, 255], dtype=torch.uint8)
    """
    return levels * (255 // (n - 1))


def hash_of_file(path: Path) -> str:
    """The SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_of_content(*tensors: Tensor) -> str:
    """A hash of shapes and values, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(f"{tensor.dtype} {tuple(tensor.shape)} ".encode())
        digest.update(tensor.contiguous().numpy())
    return digest.hexdigest()[:16]
