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
    assert found.keys() == {"oracle_nll", "oracle_nll_standard_error", "oracle_nll_data", "nll_per_token"}
    assert found["oracle_nll_standard_error"] == pytest.approx(nll.std().item() / 100, rel=0.05)
    assert found["oracle_nll"] == pytest.approx(nll.mean().item(), abs=4 * found["oracle_nll_standard_error"])
    entropy = ((-3 * nll).exp() * nll).sum().item()
    assert found["oracle_nll_data"] == pytest.approx(entropy, abs=0.05)
    assert found["nll_per_token"] == pytest.approx(math.log(5))


def test_models_without_a_likelihood_and_empty_splits_have_less():
    found = OracleLikelihood(samples=50)(Uniform(), DATA, "test").values
    assert found.keys() == {"oracle_nll_n50", "oracle_nll_n50_standard_error", "oracle_nll_data"}
    found = OracleLikelihood(samples=50)(Uniform(ScoresLikelihood), DATA, "validation").values
    assert found.keys() == {"oracle_nll_n50", "oracle_nll_n50_standard_error"}


def test_data_without_an_oracle_are_not_measured():
    assert OracleLikelihood()(Uniform(), object(), "test") == Evaluation()


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
