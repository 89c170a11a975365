"""Grammars against the enumeration of all their sentences."""

import itertools
import math
from collections import Counter
from random import Random

import pytest

from genzoo.data.grammar import ENGLISH, START, draw, entropy, letters, longest, probability

SMALL = {
    START: [(0.7, ("NAME", "sees", "NAME")), (0.3, ("NAME", "sleeps"))],
    "NAME": [(0.6, ("Ann",)), (0.3, ("Bob",)), (0.1, ("old", "NAMES"))],
    "NAMES": [(1.0, ("Bobs",))],
}
AMBIGUOUS = {START: [(0.5, ("A", "B")), (0.5, ("B", "A"))], "A": [(0.25, ("x",)), (0.75, ("x", "x"))], "B": [(1, "x")]}


def every(grammar, symbol=START):
    """Words -> probability, of all expansions of a symbol."""
    if symbol not in grammar:
        return Counter({(symbol,): 1.0})
    found = Counter()
    for p, expansion in grammar[symbol]:
        for parts in itertools.product(*(every(grammar, part).items() for part in expansion)):
            found[sum((words for words, _ in parts), ())] += p * math.prod(chance for _, chance in parts)
    return found


@pytest.mark.parametrize("grammar", [SMALL, AMBIGUOUS])
def test_the_probability_is_the_sum_over_derivations(grammar):
    sentences = every(grammar)
    assert sum(sentences.values()) == pytest.approx(1)
    for words, p in sentences.items():
        assert probability(grammar, [*words]) == pytest.approx(p)


@pytest.mark.parametrize(
    "text", ["", "Ann", "Ann sees", "Ann sleeps sees Bob", "sees Ann", "Ann sees Bob Bob", "Bobs sleeps"]
)
def test_other_words_have_no_probability(text):
    assert probability(SMALL, text.split()) == 0
    assert probability(SMALL, ["Ann", "sleeps"]) > 0


def test_the_entropy_is_that_of_all_sentences():
    assert entropy(SMALL) == pytest.approx(-sum(p * math.log(p) for p in every(SMALL).values()))


def test_draws_have_their_probabilities():
    n, randomness = 20_000, Random(0)
    found = Counter(tuple(draw(SMALL, randomness)) for _ in range(n))
    expected = every(SMALL)
    assert found.keys() <= expected.keys()
    for words, p in expected.items():
        assert found[words] / n == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / n))


def test_lengths_and_letters_are_those_of_the_sentences():
    lines = [" ".join(words) for words in every(SMALL)]
    assert longest(SMALL) == max(map(len, lines)) == len("old Bobs sees old Bobs")
    assert letters(SMALL) == "".join(sorted({*"".join(lines)}))


def test_english_is_a_grammar_whose_verbs_agree():
    for symbol, expansions in ENGLISH.items():
        assert sum(p for p, _ in expansions) == pytest.approx(1), symbol
    assert probability(ENGLISH, ["the", "dog", "near", "the", "horses", "sleeps", "today"]) > 0
    assert probability(ENGLISH, ["the", "dog", "near", "the", "horses", "sleep", "today"]) == 0
