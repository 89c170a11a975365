"""Data whose images show what they were asked for."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class Readable(Protocol):
    """A set that knows what is asked for and what an image shows."""

    def asked(self, given: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Attribute -> index of the value asked for, int64 (n,); -1 = none.

        Args:
            given: what images are asked for by: name -> (n, ...).
        """
        ...

    def read(self, images: Tensor) -> Mapping[str, Tensor]:
        """Attribute -> index of the value that images, levels (n, ...), show, int64 (n,); -1 = none."""
        ...

    def new(self, asked: Mapping[str, Tensor]) -> Tensor:
        """Whether the training data do not combine the values asked for, bool (n,)."""
        ...

    def sentences(self, given: Mapping[str, Tensor]) -> list[str]:
        """What is asked for in words, for pictures."""
        ...
