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
    for name, parameter in OracleSentences(words=500).oracle.named_parameters():
        assert parameter.std().item() == pytest.approx(1, abs=0.2), name


def test_the_seed_decides_oracle_and_sentences_and_the_splits_differ():
    small = {"words": 9, "length": 4, "n_train": 50, "n_validation": 50, "n_test": 50}
    a, b, c = (OracleSentences(**small, oracle_seed=seed) for seed in (0, 0, 1))
    for split in ("train", "validation", "test"):
        assert torch.equal(a.split(split).images, b.split(split).images)
        assert not torch.equal(a.split(split).images, c.split(split).images)
    assert not torch.equal(a.split("train").images, a.split("test").images)
    assert not torch.equal(a.oracle.output.weight, c.oracle.output.weight)


def test_it_says_that_it_consists_of_tokens():
    spec = OracleSentences(words=12, length=4, n_train=1).spec
    assert (spec.shape, spec.axes, spec.levels, spec.scaled) == ((1, 4), "t", 12, None)
    assert spec.vocabulary == tuple(map(str, range(12)))


@pytest.mark.parametrize(("key", "value"), [("words", 1), ("length", 1), ("n_train", 0), ("n_test", -1)])
def test_settings_are_checked(key, value):
    with pytest.raises(GenzooError, match=rf"^data\.{key}={value}: an integer of at least"):
        OracleSentences(**{key: value})
