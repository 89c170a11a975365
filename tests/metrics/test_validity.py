"""Shares of valid, distinct and new samples, counted by hand."""

import pytest

from genzoo.core.capabilities import Samples
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.data.characters import CharacterData
from genzoo.data.module import split_of
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.validity import Validity


class Even(CharacterData):
    """Lines of an even number of letters, whose order does not matter."""

    name = "even"

    def load(self):
        return {"train": split_of(self.encode(["ab", "aabb"]))}

    def canonical(self, lines):
        return ["".join(sorted(line)) if len(line) % 2 == 0 else None for line in lines]


DATA = Even("abc", 5)


class Fixed(Inference):
    def __init__(self, *lines):
        super().__init__()
        self.tokens = DATA.encode(lines)

    def capabilities(self):
        return frozenset({Samples})

    def sample(self, n, labels=None, generator=None):
        assert n == len(self.tokens)
        return self.tokens.long()


def test_shares_are_those_of_canonical_forms():
    found = Validity(samples=8)(Fixed("a", "ab", "ba", "cc", "abc", "bc", "cb", "cb"), DATA, "test").values
    # valid: ab ba cc bc cb cb; different: ab bc cc; new: bc cc
    assert found == {"valid_n8": 6 / 8, "unique_n8": 3 / 6, "novel_n8": 2 / 3}


def test_without_valid_samples_there_is_one_share():
    assert Validity(samples=2)(Fixed("a", "abc"), DATA, "test").values == {"valid_n2": 0.0}


def test_data_without_a_decision_are_not_measured():
    assert Validity()(Fixed("a"), object(), "test") == Evaluation()


def test_the_number_is_checked():
    with pytest.raises(GenzooError, match=r"^metrics\.validity\.samples=0: a positive integer is needed\.$"):
        Validity(samples=0)
