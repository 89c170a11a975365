"""Sentences that random LSTMs have written, which therefore know their probability."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.checks import check_integer
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.data.facts import check_facts
from genzoo.data.module import SetData, split_of
from genzoo.data.sizes import split_sizes
from genzoo.nn.language_lstm import LanguageLSTM

CHUNK = 100  #: sentences whose probability is computed together


@register
class OracleSentences(SetData):
    """Sentences of an oracle, an LSTM whose parameters are drawn from N(0, 1).

    The parameters of the original's oracle are not these, so neither are negative log-likelihoods under it. With
    classes, each has an oracle of its own, and equally many sentences; all sentences are then those of a mixture.

    Args:
        words: size of the vocabulary.
        length: number of words of a sentence.
        n_train, n_validation, n_test: number of sentences.
        oracle_seed: seed of the oracles and their sentences; the same seed gives the same ones.
        classes: number of classes; 0 = one oracle, and no labels.
        options: settings of ``SetData``.

    Raises:
        GenzooError: a setting is out of range.

    Source: Yu et al. 2017, arXiv 1609.05473, section 5; LantaoYu/SeqGAN, target_lstm.py and sequence_gan.py: widths of
        32, 10,000 sentences of 20 words out of 5,000.

    Example:
        >>> data = OracleSentences(words=50, length=6, n_train=8)
        >>> sentences = data.split("train").images
        >>> sentences.shape, sentences.dtype, data.oracle_nll(sentences).shape
        (torch.Size([8, 1, 6]), torch.int64, torch.Size([8]))
    """

    name = "oracle_sentences"
    content = "sequences"
    facts: ClassVar[dict[str, int]] = {}  # all numbers can be chosen

    def __init__(
        self,
        words: int = 5_000,
        length: int = 20,
        n_train: int = 10_000,
        n_validation: int = 1_000,
        n_test: int = 1_000,
        oracle_seed: int = 0,
        classes: int = 0,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        check_integer("data.words", words, 2)
        check_integer("data.length", length, 2)
        if check_integer("data.classes", classes, 0) == 1:
            raise GenzooError("data.classes=1: two or more classes are needed, or 0 for sentences without labels.")
        self.numbers = split_sizes(n_train, n_validation, n_test)
        super().__init__((1, length), words, classes=classes, **options)
        self.spec = self.spec._replace(axes="t", vocabulary=tuple(map(str, range(words))))
        self.oracle_seed = oracle_seed
        self.keys: list[tuple[int, ...]] = [(label,) for label in range(classes)] or [()]  # of the oracles' seeds
        self.oracles = [
            LanguageLSTM(words, length, std=1.0, generator=generator(oracle_seed, "oracle", *key)) for key in self.keys
        ]

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits."""
        return {split: self._draw(split, n) for split, n in self.numbers.items()}

    def _draw(self, split: str, n: int) -> ImageSet:
        """n sentences, of the classes in turn."""
        of_class = torch.arange(n) % len(self.oracles)
        tokens = torch.empty(n, 1, self.spec.size, dtype=torch.long)
        for label, (key, oracle) in enumerate(zip(self.keys, self.oracles, strict=True)):
            randomness = generator(self.oracle_seed, "sentences", split, *key)
            tokens[of_class == label, 0] = oracle.draw(int((of_class == label).sum()), randomness)
        return split_of(tokens, of_class if self.spec.classes else None)

    @torch.no_grad()
    def class_log_prob(self, tokens: Tensor) -> Tensor:
        """log p(y | class) under each oracle, in nats, (N, oracles), of sentences (N, 1, T), on the CPU."""
        parts = tokens.squeeze(1).cpu().split(CHUNK)
        return torch.cat([torch.stack([one.log_prob(part).sum(1) for one in self.oracles], 1) for part in parts])

    def oracle_nll(self, tokens: Tensor) -> Tensor:
        """-1/T log 1/K Σ p(y | class), over K oracles, in nats per token, (N,), of sentences (N, 1, T), on the CPU."""
        log_prob = self.class_log_prob(tokens).logsumexp(1) - math.log(len(self.oracles))
        return -log_prob / self.spec.size
