"""Sentences as numbers: the way there and back, what is refused."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.core.text import ALPHABET, to_numbers, to_sentences


def test_the_alphabet_has_69_different_characters():
    assert len(ALPHABET) == len(set(ALPHABET)) == 69


def test_sentences_come_back_in_small_letters():
    given = ["A Small Red Cross, 3-4!", ALPHABET.strip(), "z"]
    numbers = to_numbers(given, 69)
    assert numbers.dtype == torch.uint8
    assert numbers.shape == (3, 69)
    assert to_sentences(numbers) == [sentence.lower() for sentence in given]
    assert numbers[2].tolist() == [26] + 68 * [0]


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("", r"^caption='': 1 to 8 characters are needed, but there are 0"),
        ("   ", r"1 to 8 characters are needed, but there are 0"),
        ("nine char", r"1 to 8 characters are needed, but there are 9"),
        ("größe", r"^caption='größe': unknown characters: ß ö; letters from a to z"),
    ],
)
def test_sentences_that_are_none_are_refused(sentence, message):
    with pytest.raises(GenzooError, match=message):
        to_numbers(["fine", sentence], 8)
