import pytest
import torch
from torch import nn

from genzoo.adversarial.networks.mlp import MLPDiscriminator, MLPGenerator
from genzoo.core.errors import GenzooError


def linear(network):
    return [m for m in network.modules() if isinstance(m, nn.Linear)]


def test_widths_are_those_asked_for():
    generator = MLPGenerator(latent=256, shape=(2, 1, 1), hidden=[128, 64])
    discriminator = MLPDiscriminator(shape=(3, 4, 5), hidden=[7])
    assert [tuple(m.weight.shape) for m in linear(generator)] == [(128, 256), (64, 128), (2, 64)]
    assert [tuple(m.weight.shape) for m in linear(discriminator)] == [(7, 60), (1, 7)]
    assert (generator.shape, discriminator.shape) == ((2, 1, 1), (3, 4, 5))


@pytest.mark.parametrize("gain", [0.8, 1.5])
def test_weights_start_orthogonal_with_the_gain_and_biases_at_zero(gain):
    for network in (MLPGenerator(20, (2, 1, 1), [16, 8], gain), MLPDiscriminator((2, 1, 1), [16], gain)):
        for layer in linear(network):
            assert torch.allclose(torch.linalg.svdvals(layer.weight), torch.tensor(gain), atol=1e-5)
            assert (layer.bias == 0).all()


def test_the_generator_computes_rectified_layers_and_a_linear_output():
    torch.manual_seed(0)
    network, z = MLPGenerator(latent=5, shape=(3, 2, 4), hidden=[7, 6]), torch.randn(9, 5)
    for p in network.parameters():
        nn.init.normal_(p)
    (w1, b1, w2, b2, w3, b3) = network.parameters()
    hidden = ((z @ w1.T + b1).clamp(min=0) @ w2.T + b2).clamp(min=0)
    assert torch.allclose(network(z), (hidden @ w3.T + b3).view(9, 3, 2, 4), atol=1e-5)


def test_the_discriminator_computes_a_rectified_layer_and_a_logit():
    torch.manual_seed(0)
    network, images = MLPDiscriminator(shape=(2, 1, 3), hidden=[7]), torch.randn(9, 2, 1, 3)
    for p in network.parameters():
        nn.init.normal_(p)
    (w1, b1, w2, b2) = network.parameters()
    expected = (images.flatten(1) @ w1.T + b1).clamp(min=0) @ w2.T + b2
    assert torch.allclose(network(images), expected[:, 0], atol=1e-5)


@pytest.mark.parametrize(("activation", "layer"), [("relu", nn.ReLU), ("tanh", nn.Tanh)])
def test_hidden_layers_have_the_activation(activation, layer):
    for network in (MLPGenerator(3, (2, 1, 1), [4, 5], activation=activation),
                    MLPDiscriminator((2, 1, 1), [4, 5], activation=activation)):  # fmt: skip
        assert [type(m) for m in network.layers] == [nn.Linear, layer, nn.Linear, layer, nn.Linear]


def test_an_unknown_activation_is_refused():
    with pytest.raises(GenzooError, match=r"activation=elu: unknown. Did you mean .relu"):
        MLPDiscriminator((2, 1, 1), activation="elu")
