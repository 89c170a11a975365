"""The share of samples of the class asked for, by the classes' oracles."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.data.oracle_sentences import OracleSentences
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.oracle_classes import OracleClasses

DATA = OracleSentences(words=9, length=8, n_train=1, n_validation=0, n_test=2000, classes=2)


class Oracles(Inference):
    """Sentences of the oracles, of the classes asked for, or of the other one."""

    label_classes = 2

    def __init__(self, other=0):
        super().__init__()
        self.other = other

    def sample(self, n, labels, generator):
        both = torch.stack([oracle.draw(n, generator) for oracle in DATA.oracles])
        return both[(labels + self.other) % 2, torch.arange(n)].unsqueeze(1)


def test_sentences_of_the_oracles_are_as_good_as_the_datas_own():
    found = OracleClasses(samples=2000)(Oracles(), DATA, "test").values
    assert found["oracle_class_n2000"] == pytest.approx(found["oracle_class_data"], abs=0.03)
    assert found["oracle_nll_of_class_n2000"] == pytest.approx(found["oracle_nll_of_class_data"], abs=0.05)
    own, log_prob = DATA.split("test"), DATA.class_log_prob(DATA.split("test").images)
    right = [row[label] > row[1 - label] for row, label in zip(log_prob.tolist(), own.labels.tolist(), strict=True)]
    assert found["oracle_class_data"] == pytest.approx(sum(right) / 2000)
    assert 0.8 < found["oracle_class_data"] < 1


def test_sentences_of_the_other_class_are_wrong():
    found = OracleClasses(samples=2000)(Oracles(other=1), DATA, "test").values
    assert found["oracle_class_n2000"] == pytest.approx(1 - found["oracle_class_data"], abs=0.03)
    assert found["oracle_nll_of_class_n2000"] > found["oracle_nll_of_class_data"] + 0.3


def test_without_classes_or_sequences_less_is_measured():
    assert OracleClasses()(Oracles(), OracleSentences(words=9, length=8, n_train=1), "test") == Evaluation()
    found = OracleClasses(samples=10)(Oracles(), DATA, "validation").values
    assert found.keys() == {"oracle_class_n10", "oracle_nll_of_class_n10"}
    with pytest.raises(GenzooError, match=r"^metrics\.oracle_classes\.samples=0: a positive integer is needed"):
        OracleClasses(samples=0)
