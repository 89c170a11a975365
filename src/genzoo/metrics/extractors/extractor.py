"""The description of a feature extractor."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor


class Extractor(NamedTuple):
    """A fixed network, and the protocol of the metrics that are computed with it.

    Args:
        name: name in logs and protocols.
        suffix: end of the names of its metrics; empty for Inception, the extractor of published numbers.
        registered: name in torch-fidelity's registry.
        weights: file of weights.
        sha256: SHA-256 of that file.
        channels: number of channels of its input; grey images are repeated.
        samples: number of samples in its protocol.
        resize: how images are resized to the network's input size.
        facts: further entries of the protocol.
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
    """Scales levels 0 .. n-1 (uint8) to 0 .. 255.

    >>> import torch
    >>> to_bytes(torch.tensor([0, 1], dtype=torch.uint8), 2)
    tensor([  0, 255], dtype=torch.uint8)
    """
    return levels * (255 // (n - 1))
