"""Sentences as numbers of characters."""

from collections.abc import Sequence

import torch
from torch import Tensor

from genzoo.core.errors import GenzooError

#: Source: reedscot/cvpr2016, whose alphabet has the hyphen twice.
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-,;.!?:'\"/\\|_@#$%^&*~`+=<>()[]{} "
END = 0  #: number after the last character; those of the alphabet begin with 1
_NUMBERS = {character: i for i, character in enumerate(ALPHABET, 1)}


def to_numbers(sentences: Sequence[str], length: int) -> Tensor:
    """Numbers of the characters of sentences, uint8 (n, length), filled up with 0; capitals count as small letters.

    Raises:
        GenzooError: a sentence is empty, too long, or has a character that is not in the alphabet.

    Example:
        >>> to_numbers(["A cab"], 6)
        tensor([[ 1, 69,  3,  1,  2,  0]], dtype=torch.uint8)
    """
    numbers = torch.full((len(sentences), length), END, dtype=torch.uint8)
    for row, sentence in zip(numbers, sentences, strict=True):
        given = sentence.lower().strip()
        if not 0 < len(given) <= length:
            raise GenzooError(f"caption={sentence!r}: 1 to {length} characters are needed, but there are {len(given)}.")
        if unknown := sorted(set(given) - set(ALPHABET)):
            raise GenzooError(
                f"caption={sentence!r}: unknown characters: {' '.join(unknown)}; letters from a to z, digits, spaces "
                "and punctuation are known."
            )
        row[: len(given)] = torch.tensor([_NUMBERS[character] for character in given])
    return numbers


def to_sentences(numbers: Tensor) -> list[str]:
    """The sentences of numbers (n, length).

    >>> to_sentences(to_numbers(["a cab"], 8))
    ['a cab']
    """
    return ["".join(ALPHABET[i - 1] for i in row if i != END) for row in numbers.tolist()]
