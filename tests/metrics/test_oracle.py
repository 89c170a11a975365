"""Likelihoods under the oracle, and samples as text."""

import itertools
import math

import pytest
import torch

from genzoo.core.capabilities import Samples, ScoresLikelihood
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.data.oracle_sentences import OracleSentences
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.oracle import OracleLikelihood
from genzoo.metrics.sentences import SampleSentences

KEYS = {"oracle_possible", "oracle_nll", "oracle_nll_standard_error"}
KEYS_50 = {"oracle_possible_n50", "oracle_nll_n50", "oracle_nll_n50_standard_error"}
DATA = OracleSentences(words=5, length=3, n_train=1, n_validation=0, n_test=4000)


class Uniform(Inference):
    """All sentences are equally likely."""

    device = torch.device("cpu")

    def __init__(self, *able):
        super().__init__()
        self.able = frozenset({Samples, *able})

    def capabilities(self):
        return self.able

    def sample(self, n, labels=None, generator=None):
        return torch.randint(5, (n, 1, 3), generator=generator)

    def log_prob(self, levels, n_importance=1, generator=None):
        return torch.full((len(levels),), -3 * math.log(5))


def test_it_is_the_cross_entropy_with_the_oracle_beside_the_oracles_entropy():
    nll = DATA.oracle_nll(torch.tensor(list(itertools.product(range(5), repeat=3))).unsqueeze(1))
    found = OracleLikelihood()(Uniform(ScoresLikelihood), DATA, "test").values
    assert found.keys() == {*KEYS, "oracle_nll_data", "nll_per_token"}
    assert found["oracle_possible"] == 1
    assert found["oracle_nll_standard_error"] == pytest.approx(nll.std().item() / 100, rel=0.05)
    assert found["oracle_nll"] == pytest.approx(nll.mean().item(), abs=4 * found["oracle_nll_standard_error"])
    entropy = ((-3 * nll).exp() * nll).sum().item()
    assert found["oracle_nll_data"] == pytest.approx(entropy, abs=0.05)
    assert found["nll_per_token"] == pytest.approx(math.log(5))


def test_models_without_a_likelihood_and_empty_splits_have_less():
    found = OracleLikelihood(samples=50)(Uniform(), DATA, "test").values
    assert found.keys() == {*KEYS_50, "oracle_nll_data"}
    found = OracleLikelihood(samples=50)(Uniform(ScoresLikelihood), DATA, "validation").values
    assert found.keys() == KEYS_50


class Alternating:
    """A set in which only sequences of the same tokens are possible."""

    def oracle_nll(self, tokens):
        same = (tokens == tokens[..., :1]).flatten(1).all(1)
        return torch.where(same, 1.0 + tokens[:, 0, 0], math.inf)

    def evaluation_images(self, split):
        return DATA.split("validation")


def test_impossible_samples_are_counted_and_left_out():
    found = OracleLikelihood()(Uniform(), Alternating(), "test").values
    assert found.keys() == KEYS
    assert found["oracle_possible"] == pytest.approx(1 / 25, abs=4 * (0.04 * 0.96 / 10_000) ** 0.5)
    assert found["oracle_nll"] == pytest.approx(3, abs=4 * found["oracle_nll_standard_error"])
    assert 0 < found["oracle_nll_standard_error"] < 0.1
    assert OracleLikelihood(samples=1)(Uniform(), Alternating(), "test").values == {"oracle_possible_n1": 0.0}


def test_data_without_an_oracle_are_not_measured():
    assert OracleLikelihood()(Uniform(), object(), "test") == Evaluation()


def test_samples_of_characters_are_lines_without_blanks_up_to_their_end():
    data = OracleSentences(words=5, length=3, n_train=1)
    data.spec = data.spec._replace(vocabulary=("", "a", "b", "c", " "), separator="")
    lines = SampleSentences(samples=200)(Uniform(), data, "test").files["sentences.txt"].decode().split("\n")
    assert len(lines) == 201
    assert {len(line) for line in lines} == {0, 1, 2, 3}
    assert {*"".join(lines)} == {*"abc "}


def test_samples_are_lines_of_words():
    data = OracleSentences(words=5, length=3, n_train=1)
    data.spec = data.spec._replace(vocabulary=("a", "b", "c", "d", "e"))
    first, again = (SampleSentences(samples=7)(Uniform(), data, "test").files["sentences.txt"] for _ in range(2))
    assert first == again
    lines = first.decode().splitlines()
    assert len(lines) == 7
    assert all(len(line.split(" ")) == 3 and set(line.split(" ")) <= set("abcde") for line in lines)


@pytest.mark.parametrize(
    ("metric", "key"),
    [
        (OracleLikelihood, "oracle.samples"),
        (OracleLikelihood, "oracle.batch_size"),
        (SampleSentences, "sentences.samples"),
    ],
)
def test_settings_are_checked(metric, key):
    with pytest.raises(GenzooError, match=f"^metrics.{key}=0: a positive integer is needed.$"):
        metric(**{key.partition(".")[2]: 0})
