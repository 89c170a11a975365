"""The LSTM over tokens against torch's own, against all its sequences, and its draws against its probabilities."""

import itertools

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.nn.language_lstm import LanguageLSTM
from genzoo.nn.recurrent_language import ROWS


def network(words=4, length=3, std=1.0):
    return LanguageLSTM(words, length, embedding=3, hidden=5, std=std, generator=torch.Generator().manual_seed(0))


def every_sequence(words, length):
    return torch.tensor(list(itertools.product(range(words), repeat=length)))


def test_its_states_are_those_of_torch():
    ours, tokens = network(), torch.randint(4, (7, 3))
    theirs = torch.nn.LSTM(3, 5, batch_first=True)
    weights = ours.gates.weight.split([3, 5], 1)
    values = dict(zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"), (*weights, ours.gates.bias), strict=True))
    theirs.load_state_dict({**values, "bias_hh_l0": torch.zeros(20)})
    read = torch.cat([torch.zeros(7, 1).long(), tokens[:, :-1]], 1)  # from the start token on
    h, _ = theirs(ours.embedding(read))
    expected = ours.output(h).log_softmax(2).gather(2, tokens.unsqueeze(2)).squeeze(2)
    torch.testing.assert_close(ours.log_prob(tokens), expected)


def test_the_probabilities_of_all_sequences_sum_to_one():
    assert network().log_prob(every_sequence(4, 3)).double().sum(1).exp().sum().item() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_draws_have_their_probabilities(temperature):
    n, model = 40_000, network(3, 2)
    drawn = model.draw(n, torch.Generator().manual_seed(1), temperature)
    found = (drawn[:, 0] * 3 + drawn[:, 1]).bincount(minlength=9) / n
    first = (model.output(model.start(1)[0]) / temperature).softmax(1)[0]
    states = model.step(torch.arange(3), model.start(3))
    expected = (first[:, None] * (model.output(states[0]) / temperature).softmax(1)).flatten()
    assert ((found - expected).abs() < 4 * (expected * (1 - expected) / n).sqrt()).all()
    if temperature == 1:
        torch.testing.assert_close(expected, model.log_prob(every_sequence(3, 2)).sum(1).exp())


def test_completions_keep_their_prefix_and_continue_by_its_probabilities():
    model, times = network(3, 3), 20_000
    tokens = torch.tensor([[2, 0, 1], [1, 1, 1]])
    torch.manual_seed(0)
    paths = model.complete_prefixes(tokens, times)
    assert paths.shape == (2, times, 2, 3)
    for t in (1, 2):
        assert (paths[t - 1, ..., :t] == tokens[:, :t]).all()
    for row in range(2):
        every = every_sequence(3, 3)
        chances = model.log_prob(every).sum(1).exp()
        for t in (1, 2):
            possible = (every[:, :t] == tokens[row, :t]).all(1)
            expected = chances * possible / chances[possible].sum()
            codes = (paths[t - 1, :, row] * torch.tensor([9, 3, 1])).sum(1)
            found = codes.bincount(minlength=27) / times
            assert ((found - expected).abs() <= 4 * (expected * (1 - expected) / times).sqrt() + 1e-6).all()


def test_draws_are_the_same_for_the_same_generator_and_more_than_one_chunk():
    a, b = (network().draw(ROWS + 3, torch.Generator().manual_seed(2)) for _ in range(2))
    assert torch.equal(a, b)
    assert a.shape == (ROWS + 3, 3)


def test_parameters_have_the_deviation_biases_included():
    model = LanguageLSTM(500, 3, embedding=30, hidden=30, std=0.1)
    for name, parameter in model.named_parameters():
        assert parameter.std().item() == pytest.approx(0.1, rel=0.2), name


@pytest.mark.parametrize("key", ["words", "length", "embedding", "hidden"])
def test_sizes_are_checked(key):
    with pytest.raises(GenzooError, match=rf"^LSTM: {key}=0: a positive integer is needed\.$"):
        LanguageLSTM(**{"words": 4, "length": 3, key: 0})
