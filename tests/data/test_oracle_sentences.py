"""Sentences of an oracle have the probability that it states."""

import itertools

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.oracle_sentences import OracleSentences


def test_sentences_are_drawn_from_the_oracle():
    """Their mean -1/T log p is its entropy, a sum over all sentences."""
    data = OracleSentences(words=4, length=3, n_train=20_000, n_validation=0, n_test=0)
    every = torch.tensor(list(itertools.product(range(4), repeat=3))).unsqueeze(1)
    nll = data.oracle_nll(every)
    chances = (-3 * nll).exp()
    assert chances.sum().item() == pytest.approx(1, abs=1e-5)
    found = data.oracle_nll(data.split("train").images)
    assert found.mean().item() == pytest.approx((chances * nll).sum().item(), abs=4 * found.std().item() / 20_000**0.5)


def test_the_parameters_of_the_oracle_are_standard_normal():
    for name, parameter in OracleSentences(words=500).oracles[0].named_parameters():
        assert parameter.std().item() == pytest.approx(1, abs=0.2), name


def test_the_seed_decides_oracle_and_sentences_and_the_splits_differ():
    small = {"words": 9, "length": 4, "n_train": 50, "n_validation": 50, "n_test": 50}
    a, b, c = (OracleSentences(**small, oracle_seed=seed) for seed in (0, 0, 1))
    for split in ("train", "validation", "test"):
        assert torch.equal(a.split(split).images, b.split(split).images)
        assert not torch.equal(a.split(split).images, c.split(split).images)
    assert not torch.equal(a.split("train").images, a.split("test").images)
    assert not torch.equal(a.oracles[0].output.weight, c.oracles[0].output.weight)


def test_it_says_that_it_consists_of_tokens():
    spec = OracleSentences(words=12, length=4, n_train=1).spec
    assert (spec.shape, spec.axes, spec.levels, spec.scaled) == ((1, 4), "t", 12, None)
    assert spec.vocabulary == tuple(map(str, range(12)))


@pytest.mark.parametrize(("key", "value"), [("words", 1), ("length", 1), ("n_train", 0), ("n_test", -1)])
def test_settings_are_checked(key, value):
    with pytest.raises(GenzooError, match=rf"^data\.{key}={value}: an integer of at least"):
        OracleSentences(**{key: value})


def test_each_class_has_an_oracle_and_all_are_a_mixture():
    data = OracleSentences(words=4, length=3, n_train=20_000, n_validation=0, n_test=7, classes=2)
    every = torch.tensor(list(itertools.product(range(4), repeat=3))).unsqueeze(1)
    of_class = data.class_log_prob(every).double()
    torch.testing.assert_close(of_class.exp().sum(0), torch.ones(2).double(), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        (-3 * data.oracle_nll(every)).exp().double(), of_class.exp().mean(1), atol=1e-6, rtol=1e-4
    )
    train = data.split("train")
    assert data.split("test").labels.tolist() == [0, 1, 0, 1, 0, 1, 0]
    for c in (0, 1):
        nll = -data.class_log_prob(train.images[train.labels == c])[:, c]
        entropy = -(of_class[:, c].exp() * of_class[:, c]).sum().item()
        assert nll.mean().item() == pytest.approx(entropy, abs=4 * nll.std().item() / 100)


def test_one_class_is_refused():
    with pytest.raises(GenzooError, match=r"^data\.classes=1: two or more classes are needed, or 0 for sentences with"):
        OracleSentences(classes=1)
