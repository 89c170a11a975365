import numpy as np
import pytest
import torch
from torch import nn

from genzoo.core.averages import EMA, Polyak
from genzoo.core.errors import GenzooError


def values_of(network):
    return np.concatenate([p.detach().numpy().ravel() for p in network.parameters()]).astype(np.float64)


def exponential(history, decay, start):
    average = history[0] if start == "parameters" else np.zeros_like(history[0])
    for values in history[1:]:
        average = decay * average + (1 - decay) * values
    return average


@pytest.mark.parametrize(
    ("average", "expected"),
    [
        (lambda: EMA(0.7), lambda history: exponential(history, 0.7, "parameters")),
        (lambda: EMA(0.7, start="zero"), lambda history: exponential(history, 0.7, "zero")),
        (lambda: Polyak(), lambda history: np.mean(history[1:], axis=0)),
    ],
    ids=["exponential", "exponential from zero", "polyak"],
)
def test_averages_follow_their_formula(average, expected):
    torch.manual_seed(0)
    network, average = nn.Linear(3, 2), average()
    average.follow(network)
    history = [values_of(network)]
    for _ in range(6):
        for p in network.parameters():
            nn.init.normal_(p)
        average.update(network)
        history.append(values_of(network))
    np.testing.assert_allclose(values_of(average.network), expected(history), rtol=1e-5, atol=1e-7)
    assert average.updates.item() == 6


@pytest.mark.parametrize("average", [EMA(0.9), EMA(0.9, start="zero"), Polyak()])
def test_an_average_copies_buffers_and_leaves_its_network_alone(average):
    network = nn.BatchNorm1d(2)
    average.follow(network)
    before = network.weight.clone()
    network(torch.randn(8, 2) * 3 + 5)
    average.update(network)
    assert torch.equal(average.network.running_mean, network.running_mean)
    assert torch.equal(average.network.running_var, network.running_var)
    assert average.network.num_batches_tracked.item() == 1
    assert torch.equal(network.weight, before)
    assert network.weight.requires_grad
    assert not any(p.requires_grad for p in average.network.parameters())


def test_an_average_goes_on_from_its_state_dict():
    torch.manual_seed(0)
    network, average, restored = nn.Linear(2, 2), Polyak(), Polyak()
    average.follow(network)
    restored.follow(nn.Linear(2, 2))
    average.update(network)
    restored.load_state_dict(average.state_dict())
    with torch.no_grad():
        network.weight += 1
    for a in (average, restored):
        a.update(network)
    assert torch.equal(values := average.network.weight, restored.network.weight)
    assert torch.allclose(values, network.weight - 0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decay": 1.0}, "decay must be in"),
        ({"decay": -0.1}, "decay must be in"),
        ({"decay": 0.5, "start": "one"}, "start='one' is unknown. Accepted: parameters, zero"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(GenzooError, match=message):
        EMA(**options)
