"""The LSTM of classes against torch's own, which reads the class one-hot with every word."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.nn.class_lstm import ClassLSTM


def network(words=4, length=3, classes=2):
    seed = torch.Generator().manual_seed(0)
    return ClassLSTM(words, length, classes, embedding=3, hidden=5, std=1.0, generator=seed)


def every_sequence(words, length):
    return torch.tensor(list(itertools.product(range(words), repeat=length)))


def test_it_is_torchs_lstm_with_the_class_beside_each_word():
    ours, tokens, classes = network(), torch.randint(4, (7, 3)), torch.arange(7) % 2
    theirs = torch.nn.LSTM(3 + 2, 5, batch_first=True)
    of_word, of_state = ours.gates.weight.split([3, 5], 1)
    weights = {"weight_ih_l0": torch.cat([of_word, ours.of_class.weight.T], 1), "weight_hh_l0": of_state}
    theirs.load_state_dict({**weights, "bias_ih_l0": ours.gates.bias, "bias_hh_l0": torch.zeros(20)})
    read = torch.cat([torch.zeros(7, 1).long(), tokens[:, :-1]], 1)  # from the start token on
    one_hot = F.one_hot(classes, 2)[:, None].expand(7, 3, 2)
    h, _ = theirs(torch.cat([ours.embedding(read), one_hot], 2))
    expected = ours.output(h).log_softmax(2).gather(2, tokens.unsqueeze(2)).squeeze(2)
    torch.testing.assert_close(ours.log_prob(tokens, classes), expected)


def test_draws_and_completions_are_of_their_classes():
    n, model = 40_000, network(3, 2)
    with torch.no_grad():
        model.of_class.weight.mul_(4)
    every = every_sequence(3, 2)
    chances = [model.log_prob(every, torch.full((9,), c)).sum(1).exp().detach() for c in (0, 1)]
    assert (chances[0] - chances[1]).abs().max() > 0.04  # twenty standard errors
    classes = torch.arange(2 * n) % 2
    drawn = model.draw(2 * n, torch.Generator().manual_seed(1), classes=classes)
    torch.manual_seed(0)
    begun = torch.tensor([[1, 0], [1, 0]])
    (paths,) = model.complete_prefixes(begun, n, torch.tensor([0, 1]))
    for c in (0, 1):
        found = (drawn[classes == c] @ torch.tensor([3, 1])).bincount(minlength=9) / n
        assert ((found - chances[c]).abs() < 4 * (chances[c] * (1 - chances[c]) / n).sqrt() + 1e-6).all()
        after = chances[c][every[:, 0] == 1] / chances[c][every[:, 0] == 1].sum()
        found = paths[:, c, 1].bincount(minlength=3) / n
        assert ((found - after).abs() < 4 * (after * (1 - after) / n).sqrt() + 1e-6).all()


def test_missing_and_too_few_classes_are_one_line():
    with pytest.raises(GenzooError, match=r"^LSTM: the classes of the sequences are missing; give an integer for each"):
        network().draw(2)
    with pytest.raises(GenzooError, match=r"^LSTM: classes=1: an integer of at least 2 is needed"):
        network(classes=1)
