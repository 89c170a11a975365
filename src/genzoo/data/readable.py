"""Data that show what they were asked for, data of which numbers are computed, and lines of a formal language."""

from collections.abc import Mapping, Sequence
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


@runtime_checkable
class Observable(Protocol):
    """A set that computes numbers of each of its data, such as a shower's depth."""

    def observables(self, images: Tensor) -> Mapping[str, Tensor]:
        """Observable -> its value for each of the data (n, ...), (n,), which have the range of samples."""
        ...


@runtime_checkable
class Located(Protocol):
    """A set whose images are asked for by a box, ``given["box"]``, and that finds the box of what an image shows."""

    def boxes(self, images: Tensor) -> Tensor:
        """Left, upper, right and lower edge, in widths of the image, (n, 4), of levels (n, C, H, W); nan = nothing."""
        ...


@runtime_checkable
class Formal(Protocol):
    """A set of lines in a language that is decided exactly, such as by a grammar."""

    def canonical(self, lines: Sequence[str]) -> list[str | None]:
        """The canonical form of each line; None = it is not in the language."""
        ...
