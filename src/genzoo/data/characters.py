"""The base of sets of lines of characters."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.data.module import SetData


class CharacterData(SetData):
    """Base of sets of lines, whose tokens are characters; a line is filled up with the end, token 0.

    Args:
        alphabet: the characters, of ASCII, whose tokens begin with 1.
        length: number of tokens of a sequence.
        options: of ``SetData``.
    """

    content = "sequences"

    def __init__(self, alphabet: str, length: int, **options: Any):
        super().__init__((1, length), 1 + len(alphabet), **options)
        self.spec = self.spec._replace(axes="t", vocabulary=("", *alphabet), separator="")

    def encode(self, lines: Sequence[str]) -> Tensor:
        """The tokens of lines, uint8 (n, 1, length).

        Raises:
            GenzooError: a line is too long, or has a character that is not in the alphabet.
        """
        length, alphabet = self.spec.size, "".join(self.spec.vocabulary)
        if too_long := [line for line in lines if len(line) > length]:
            raise GenzooError(f"data={self.name}: {too_long[0]!r} has more than data.length={length} characters.")
        if unknown := sorted({*"".join(lines)} - {*alphabet}):
            raise GenzooError(f"data={self.name}: unknown characters: {''.join(unknown)!r}.")
        tokens = np.zeros(128, np.uint8)  # of the codes of ASCII; 0, which numpy fills lines up with, is the end
        tokens[np.frombuffer(alphabet.encode("ascii"), np.uint8)] = np.arange(1, len(alphabet) + 1)
        codes = np.array([line.encode("ascii") for line in lines], f"S{length}").view(np.uint8)
        return torch.from_numpy(tokens[codes.reshape(-1, 1, length)])
