"""Probabilistic grammars: draws, exact probabilities, entropy."""

import functools
import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from random import Random

#: symbol -> its expansions into words and other symbols, each with its probability
Grammar = Mapping[str, Sequence[tuple[float, Sequence[str]]]]
START = "SENTENCE"  #: symbol that every sentence is an expansion of


def by_rank(words: str) -> list[tuple[float, Sequence[str]]]:
    """Expansions into one word each, with probabilities that are inverse to its rank.

    >>> by_rank("dog cat")
    [(0.666..., ['dog']), (0.333..., ['cat'])]
    """
    ranked = list(enumerate(words.split(), 1))
    total = sum(1 / rank for rank, _ in ranked)
    return [(1 / rank / total, [word]) for rank, word in ranked]


#: A verb agrees in number with a noun that other nouns may separate from it. Each sentence has one derivation.
ENGLISH: Grammar = {
    START: [(0.6, ("ONE", "ONE_ACTS")), (0.4, ("MANY", "MANY_ACT"))],
    "ONE": [(0.5, ("A", "NOUN")), (0.25, ("A", "ADJECTIVE", "NOUN")), (0.25, ("A", "NOUN", "PLACE"))],
    "MANY": [(0.5, ("SOME", "NOUNS")), (0.25, ("SOME", "ADJECTIVE", "NOUNS")), (0.25, ("SOME", "NOUNS", "PLACE"))],
    "PLACE": [(0.5, ("BESIDE", "the", "NOUN")), (0.5, ("BESIDE", "the", "NOUNS"))],
    "ONE_ACTS": [(0.4, ("SLEEPS", "HOW")), (0.6, ("SEES", "OBJECT"))],
    "MANY_ACT": [(0.4, ("SLEEP", "HOW")), (0.6, ("SEE", "OBJECT"))],
    "OBJECT": [(0.4, ("A", "NOUN")), (0.3, ("SOME", "NOUNS")), (0.3, ("A", "ADJECTIVE", "NOUN"))],
    "A": by_rank("the a every this"),
    "SOME": by_rank("some all these"),
    "ADJECTIVE": by_rank("old small red quiet happy brave lost green hungry proud"),
    "NOUN": by_rank("dog man bird child king horse tree friend queen poet river ship wolf farmer cloud"),
    "NOUNS": by_rank(
        "dogs men birds children kings horses trees friends queens poets rivers ships wolves farmers clouds"
    ),
    "BESIDE": by_rank("near behind above beside"),
    "SLEEPS": by_rank("sleeps waits sings falls laughs dances returns"),
    "SLEEP": by_rank("sleep wait sing fall laugh dance return"),
    "SEES": by_rank("sees likes follows finds hears carries forgets"),
    "SEE": by_rank("see like follow find hear carry forget"),
    "HOW": by_rank("quietly today again alone slowly"),
}


def draw(grammar: Grammar, randomness: Random, symbol: str = START) -> Iterator[str]:
    """Yields the words of a random expansion of a symbol."""
    if symbol not in grammar:
        yield symbol
        return
    probabilities, expansions = zip(*grammar[symbol], strict=True)
    for part in randomness.choices(expansions, probabilities)[0]:
        yield from draw(grammar, randomness, part)


def probability(grammar: Grammar, words: Sequence[str]) -> float:
    """The probability of a sentence: the sum over its derivations, by the inside algorithm."""

    @functools.cache
    def ends(symbol: str, first: int) -> Mapping[int, float]:
        """End -> probability that the symbol expands to words[first:end]."""
        if symbol not in grammar:
            return {first + 1: 1.0} if words[first : first + 1] == [symbol] else {}
        found: Counter[int] = Counter()
        for chance, expansion in grammar[symbol]:
            reached = Counter({first: chance})
            for part in expansion:
                following: Counter[int] = Counter()
                for place, p in reached.items():
                    for end, q in ends(part, place).items():
                        following[end] += p * q
                reached = following
            found += reached
        return found

    return ends(START, 0).get(len(words), 0.0)


def entropy(grammar: Grammar, symbol: str = START) -> float:
    """The entropy of the derivations in nats: H(s) = Σ_r p_r (-log p_r + Σ_i H(r_i)), over expansions r of s.

    It is that of the sentences if each has one derivation.
    """
    expansions = grammar.get(symbol, [])
    return sum(p * (-math.log(p) + sum(entropy(grammar, part) for part in expansion)) for p, expansion in expansions)


def longest(grammar: Grammar, symbol: str = START) -> int:
    """Number of characters of the longest sentence, blanks included."""
    if symbol not in grammar:
        return len(symbol)
    return max(sum(longest(grammar, part) + 1 for part in expansion) - 1 for _, expansion in grammar[symbol])


def letters(grammar: Grammar) -> str:
    """The characters of all sentences in order, the blank included."""
    words = (part for expansions in grammar.values() for _, expansion in expansions for part in expansion)
    return "".join(sorted({" ", *itertools.chain.from_iterable(word for word in words if word not in grammar)}))
