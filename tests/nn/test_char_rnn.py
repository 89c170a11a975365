"""char-rnn: its cells by hand, the order of what it reads, and what it learns of a known distribution."""

import itertools
import math

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.nn.char_rnn import CharRNN


def network(words=3, length=4, hidden=5, layers=2):
    torch.manual_seed(0)
    model = CharRNN(words, length, hidden, layers)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(10)
    return model


EVERY = torch.tensor(list(itertools.product(range(3), repeat=4)))


def test_its_states_are_those_of_the_originals_cells():
    """Gates in the original's order: input, forget, output, and the new memory."""
    model, tokens = network(), EVERY[::7]
    state = [(torch.zeros(len(tokens), 5),) * 2] * 2
    for t in range(4):
        read = tokens[:, t - 1] if t else torch.zeros(len(tokens)).long()
        x = torch.eye(3)[read]
        for layer, (h, c) in enumerate(state):
            inputs, hidden, b_in, b_hidden = (
                getattr(model.lstm, f"{kind}_l{layer}") for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            i, f, g, o = (x @ inputs.T + b_in + h @ hidden.T + b_hidden).split(5, 1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            x = o.sigmoid() * c.tanh()
            state[layer] = x, c
        expected = model.output(x).log_softmax(1).gather(1, tokens[:, t : t + 1])
        torch.testing.assert_close(model.log_prob(tokens)[:, t : t + 1], expected)


def test_steps_give_the_states_of_whole_sequences():
    model = network()
    state = model.start(len(EVERY))
    for t in range(4):
        torch.testing.assert_close(model.states(EVERY, model.before(len(EVERY)))[:, t], state[1])  # the second layer's
        state = model.step(EVERY[:, t], state)


def test_the_probabilities_of_all_sequences_sum_to_one_and_draws_have_them():
    model, n = network(), 40_000
    chances = model.log_prob(EVERY).double().sum(1).exp()
    assert chances.sum().item() == pytest.approx(1, abs=1e-6)
    drawn = model.draw(n, torch.Generator().manual_seed(1)) @ torch.tensor([27, 9, 3, 1])
    found = drawn.bincount(minlength=81) / n
    assert ((found - chances).abs() < 4.5 * (chances * (1 - chances) / n).sqrt() + 1e-6).all()


def test_a_probability_depends_on_earlier_characters_only():
    model = network()
    for t in range(4):
        others = EVERY[(EVERY[:, : t + 1] == EVERY[17, : t + 1]).all(1)]
        found = model.log_prob(others)[:, t]
        torch.testing.assert_close(found, found[:1].expand_as(found))
    first = model.log_prob(EVERY)[:, 3].view(27, 3)  # and on all of them
    assert len(first.round(decimals=5).unique(dim=0)) == 27


def test_initial_parameters_are_the_originals():
    model = CharRNN(40, 3, hidden=50)
    for name, parameter in model.named_parameters():
        forget = torch.zeros_like(parameter)
        if "bias_ih" in name:
            forget[50:100] = 1
            assert (parameter[50:100] == 1).all()
        kept = parameter[forget == 0]
        assert kept.abs().max() <= 0.08, name
        assert kept.std().item() == pytest.approx(0.16 / math.sqrt(12), rel=0.25), name


def test_it_learns_a_distribution_up_to_its_entropy():
    """Its mean -log q of the source's sequences falls to the source's entropy, and q to p."""
    torch.manual_seed(0)
    support = torch.tensor([[1, 2, 1, 0], [2, 2, 2, 1], [1, 1, 0, 0], [2, 0, 0, 0]])
    p = torch.tensor([0.4, 0.3, 0.2, 0.1])
    model = CharRNN(3, 4, hidden=16)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(250):
        optimizer.zero_grad()
        nll = -(p * model.log_prob(support).sum(1)).sum()
        nll.backward()
        optimizer.step()
    entropy = -(p * p.log()).sum().item()
    assert entropy <= nll.item() < entropy + 0.02
    torch.testing.assert_close(model.log_prob(support).sum(1).exp(), p, atol=0.02, rtol=0)


@pytest.mark.parametrize("key", ["words", "length", "hidden", "layers"])
def test_sizes_are_checked(key):
    with pytest.raises(GenzooError, match=rf"^model\.network\.{key}=0: a positive integer is needed\.$"):
        CharRNN(**{"words": 4, "length": 3, key: 0})
