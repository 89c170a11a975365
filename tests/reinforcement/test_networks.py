import numpy as np
import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.reinforcement.networks import ACTIVATIONS, MLP


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden", [[], [7], [7, 5]])
def test_numpy_gives_what_torch_gives(activation, hidden):
    torch.manual_seed(0)
    network = MLP(3, 2, hidden, activation)
    for parameter in network.parameters():
        nn.init.normal_(parameter)
    network.normaliser.update(torch.randn(50, 3) * torch.tensor([0.1, 1.0, 30.0]) + 5)
    x = torch.randn(20, 3) * 10
    forward = network.numpy()
    found = np.stack([forward(row) for row in x.numpy()])
    assert found.dtype == np.float32
    assert np.allclose(found, network(x).detach(), rtol=1e-4, atol=1e-3)


def test_numpy_keeps_the_weights_it_was_made_of():
    network = MLP(3, 2, [7])
    forward = network.numpy()
    nn.init.normal_(network.layers[-1].weight)
    assert (forward(np.ones(3, np.float32)) == 0).all()


def test_it_answers_0_until_it_is_trained():
    assert (MLP(3, 2, [7])(torch.randn(4, 3)) == 0).all()


def test_hidden_weights_are_glorots():
    weight = MLP(200, 2, [300]).layers[0].weight
    bound = (6 / 500) ** 0.5
    assert 0.98 * bound < weight.abs().max() <= bound
    assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)


def test_an_unknown_activation_is_refused():
    with pytest.raises(GenzooError, match=r"activation=tahn: unknown.* 'tanh'"):
        MLP(3, 2, [7], "tahn")
