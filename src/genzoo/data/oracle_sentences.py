"""Sentences that a random LSTM has written, which therefore knows their probability."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.checks import check_integer
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

    The parameters of the original's oracle are not these, so neither are negative log-likelihoods under it.

    Args:
        words: size of the vocabulary.
        length: number of words of a sentence.
        n_train, n_validation, n_test: number of sentences.
        oracle_seed: seed of the oracle and its sentences; the same seed gives the same ones.
        options: settings of ``SetData``, and facts that the configuration states (classes), which are checked.

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
    facts: ClassVar[dict[str, int]] = {"classes": 0}

    def __init__(
        self,
        words: int = 5_000,
        length: int = 20,
        n_train: int = 10_000,
        n_validation: int = 1_000,
        n_test: int = 1_000,
        oracle_seed: int = 0,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        check_integer("data.words", words, 2)
        check_integer("data.length", length, 2)
        self.numbers = split_sizes(n_train, n_validation, n_test)
        super().__init__((1, length), words, **options)
        self.spec = self.spec._replace(axes="t", vocabulary=tuple(map(str, range(words))))
        self.oracle_seed = oracle_seed
        self.oracle = LanguageLSTM(words, length, std=1.0, generator=generator(oracle_seed, "oracle"))

    def load(self) -> Mapping[str, ImageSet]:
        """Draws the splits."""
        return {
            split: split_of(self.oracle.draw(n, generator(self.oracle_seed, "sentences", split)).unsqueeze(1))
            for split, n in self.numbers.items()
        }

    @torch.no_grad()
    def oracle_nll(self, tokens: Tensor) -> Tensor:
        """-1/T log p(y) under the oracle, in nats per token, (N,), of sentences (N, 1, T), on the CPU."""
        return -torch.cat([self.oracle.log_prob(part).mean(1) for part in tokens.squeeze(1).cpu().split(CHUNK)])
