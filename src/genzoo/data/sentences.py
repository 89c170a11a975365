"""Sentences of a grammar, whose probability is known."""

import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, ClassVar

import torch
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.randomness import derive_seed
from genzoo.core.registry import register
from genzoo.data.characters import CharacterData
from genzoo.data.facts import check_facts
from genzoo.data.grammar import ENGLISH, draw, entropy, letters, probability
from genzoo.data.module import split_of
from genzoo.data.sizes import split_sizes

WORDS, LENGTH = 1 + len(letters(ENGLISH)), 64


@register
class Sentences(CharacterData):
    """English sentences that a probabilistic grammar has drawn, as characters.

    Args:
        words, length: number of tokens, and of tokens of a sequence; facts.
        n_train, n_validation, n_test: number of sentences.
        sentences_seed: seed of the sentences; the same seed gives the same ones.
        options: settings of ``SetData``, and facts that the configuration states, which are checked.

    Raises:
        GenzooError: a setting is out of range.

    Example:
        >>> data = Sentences(n_train=1)
        >>> sentence = data.split("train").images
        >>> data.spec.text(sentence.flatten()), data.oracle_nll(sentence) * 64
        ('...', tensor([...]))
    """

    name = "sentences"
    facts: ClassVar[dict[str, int]] = {"words": WORDS, "length": LENGTH, "classes": 0}

    def __init__(
        self,
        words: int = WORDS,
        length: int = LENGTH,
        n_train: int = 10_000,
        n_validation: int = 1_000,
        n_test: int = 1_000,
        sentences_seed: int = 0,
        **options: Any,
    ):
        check_facts(self.name, self.facts, {"words": words, "length": length, **options})
        super().__init__(letters(ENGLISH), length, **options)
        self.numbers, self.sentences_seed = split_sizes(n_train, n_validation, n_test), sentences_seed

    def describe(self) -> str:
        """Returns one line with the size of the training set and the entropy of the grammar."""
        return f"{super().describe()}, whose entropy is {self.oracle_entropy:.5f} nats per token"

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits."""
        return {split: split_of(self.encode(self._lines(split, n))) for split, n in self.numbers.items()}

    def _lines(self, split: str, n: int) -> list[str]:
        randomness = Random(derive_seed(self.sentences_seed, "sentences", split))
        return [" ".join(draw(ENGLISH, randomness)) for _ in range(n)]

    @property
    def oracle_entropy(self) -> float:
        """The mean of ``oracle_nll`` over all sentences of the grammar, exactly."""
        return entropy(ENGLISH) / LENGTH

    def oracle_nll(self, tokens: Tensor) -> Tensor:
        """-1/T log p(y) under the grammar, in nats per token, (N,), of sentences (N, 1, T); infinite for others."""
        lines = [self.spec.text(sentence) for sentence in tokens.flatten(1).tolist()]
        log_prob = torch.tensor([probability(ENGLISH, line.split(" ")) for line in lines]).log()
        ended = (tokens == self.encode(lines)).flatten(1).all(1)  # nothing follows the end
        return -log_prob.where(ended, -math.inf) / LENGTH

    def canonical(self, lines: Sequence[str]) -> list[str | None]:
        """See ``Formal``: a line is its own canonical form if it is a sentence."""
        return [line if probability(ENGLISH, line.split(" ")) else None for line in lines]
