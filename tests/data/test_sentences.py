"""Sentences of the grammar have the probability that the set states."""

import math

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.characters import CharacterData
from genzoo.data.grammar import ENGLISH, longest
from genzoo.data.sentences import LENGTH, Sentences

DATA = Sentences(n_train=3000, n_validation=0, n_test=50)


def test_the_mean_of_minus_log_p_is_the_exact_entropy():
    nll = DATA.oracle_nll(DATA.split("train").images)
    assert nll.isfinite().all()
    assert nll.mean().item() == pytest.approx(DATA.oracle_entropy, abs=4 * nll.std().item() / 3000**0.5)
    assert f"{DATA.oracle_entropy:.5f} nats per token" in DATA.describe()


def test_the_probability_of_a_sentence_is_the_product_of_its_choices():
    a = 1 / (1 + 1 / 2 + 1 / 3 + 1 / 4)  # the first of four articles
    dog = 1 / sum(1 / rank for rank in range(1, 16))
    sleeps = 1 / sum(1 / rank for rank in range(1, 8))
    today = 1 / 2 / sum(1 / rank for rank in range(1, 6))
    found = DATA.oracle_nll(DATA.encode(["the dog sleeps today"])) * LENGTH
    assert found.item() == pytest.approx(-math.log(0.6 * 0.5 * 0.4 * a * dog * sleeps * today), rel=1e-5)


def test_what_is_no_sentence_has_no_probability():
    tokens = DATA.encode(["the dog sleeps today"] * 4)
    tokens[1, 0, 2] = 0  # ends early
    tokens[2, 0, -1] = 3  # goes on after the end
    tokens[3, 0, 3] = 2  # "theadog"
    assert DATA.oracle_nll(tokens).isfinite().tolist() == [True, False, False, False]
    assert DATA.canonical(["the dog sleeps today", "the dog sleep today", ""]) == ["the dog sleeps today", None, None]


def test_sentences_are_characters_with_room_for_an_end():
    spec = DATA.spec
    assert (spec.shape, spec.axes, spec.levels, spec.scaled) == ((1, LENGTH), "t", len(spec.vocabulary), None)
    assert longest(ENGLISH) < LENGTH
    tokens = DATA.split("test").images
    assert tokens.dtype == torch.uint8
    lines = [spec.text(row) for row in tokens.flatten(1).tolist()]
    assert torch.equal(DATA.encode(lines), tokens)
    assert all(line.startswith(("the ", "a ", "every ", "this ", "some ", "all ", "these ")) for line in lines)


def test_the_seed_decides_the_sentences_and_the_splits_differ():
    a, b, c = (Sentences(n_train=20, n_test=20, sentences_seed=seed).split for seed in (0, 0, 1))
    assert torch.equal(a("train").images, b("train").images)
    assert not torch.equal(a("train").images, c("train").images)
    assert not torch.equal(a("train").images, a("test").images)


class Letters(CharacterData):
    name = "letters"


def test_lines_become_tokens():
    data = Letters("ab ", 4)
    assert data.encode(["ab", "b a", "", "aaaa"]).tolist() == [[[1, 2, 0, 0]], [[2, 3, 1, 0]], [[0] * 4], [[1] * 4]]
    assert data.spec.vocabulary == ("", "a", "b", " ")
    for line, message in (
        ("aabab", "'aabab' has more than data.length=4 characters"),
        ("aéc", "unknown characters: 'cé'"),
    ):
        with pytest.raises(GenzooError, match=f"^data=letters: {message}"):
            data.encode(["a", line])


@pytest.mark.parametrize(("key", "value"), [("n_train", 0), ("n_test", -1), ("length", 63), ("words", 24)])
def test_settings_are_checked(key, value):
    with pytest.raises(GenzooError, match=rf"^data\.{key}={value}: "):
        Sentences(**{key: value})
