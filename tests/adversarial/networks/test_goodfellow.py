import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.networks.goodfellow import MaxoutDiscriminator, MLPGenerator


def test_published_widths_have_the_published_numbers_of_parameters():
    generator = MLPGenerator(latent=100, shape=(1, 28, 28))
    discriminator = MaxoutDiscriminator(shape=(1, 28, 28))
    count = [sum(p.numel() for p in network.parameters()) for network in (generator, discriminator)]
    assert count == [
        (100 + 1) * 1200 + (1200 + 1) * 1200 + (1200 + 1) * 784,
        (784 + 1) * 240 * 5 + (240 + 1) * 240 * 5 + 240 + 1,
    ]


@pytest.mark.parametrize(
    ("network", "bound"),
    [
        (MLPGenerator(latent=20, shape=(1, 8, 8), hidden=50), 0.05),
        (MaxoutDiscriminator(shape=(1, 8, 8), units=50), 0.005),
    ],
    ids=["generator", "discriminator"],
)
def test_weights_start_uniform_and_biases_at_zero(network, bound):
    for layer in (m for m in network.modules() if isinstance(m, nn.Linear)):
        assert 0.85 * bound < layer.weight.abs().max() <= bound
        assert layer.weight.abs().mean().item() == pytest.approx(bound / 2, rel=0.25)
        assert (layer.bias == 0).all()


def test_the_generator_computes_two_rectified_layers_and_a_sigmoid():
    torch.manual_seed(0)
    network, z = MLPGenerator(latent=5, shape=(3, 4, 6), hidden=7), torch.randn(9, 5)
    (w1, b1, w2, b2, w3, b3) = network.parameters()
    for p in network.parameters():
        nn.init.normal_(p)
    hidden = ((z @ w1.T + b1).clamp(min=0) @ w2.T + b2).clamp(min=0)
    expected = 2 / (1 + torch.exp(-(hidden @ w3.T + b3))) - 1
    assert torch.allclose(network(z), expected.view(9, 3, 4, 6), atol=1e-5)
    assert network(z * 100).abs().max() == 1  # the whole range is reached


def test_a_zero_code_gives_the_mean_image_after_initialisation():
    images = torch.rand(50, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1
    images[:, 0, 0, 0], images[:, 0, 0, 1] = -1, 1  # pixels that never change
    network = MLPGenerator(latent=5, shape=(3, 4, 4), hidden=7)
    network.initialise(images)
    assert torch.allclose(network(torch.zeros(1, 5))[0], images.mean(0), atol=1e-5)
    assert network.layers[-1].bias.isfinite().all()
    assert network.layers[-1].bias.requires_grad


def test_the_discriminator_computes_two_maxout_layers_on_pixels_in_the_unit_interval():
    torch.manual_seed(0)
    network, images = MaxoutDiscriminator(shape=(2, 3, 3), units=4, pieces=5).eval(), torch.rand(6, 2, 3, 3) * 2 - 1
    for p in network.parameters():
        nn.init.normal_(p)
    (w1, b1, w2, b2, w3, b3) = network.parameters()
    hidden = F.linear((images.flatten(1) + 1) / 2, w1, b1).view(6, 4, 5).max(2).values
    hidden = F.linear(hidden, w2, b2).view(6, 4, 5).max(2).values
    assert torch.allclose(network(images), (hidden @ w3.T + b3)[:, 0], atol=1e-5)


def test_inputs_are_dropped_with_probability_0_2_and_hidden_units_with_0_5():
    torch.manual_seed(0)
    network, dropped = MaxoutDiscriminator(shape=(1, 20, 20), units=400, pieces=1), []
    for layer in (m for m in network.modules() if isinstance(m, nn.Linear)):
        nn.init.constant_(layer.bias, 1.0)  # so that only dropout makes zeros
        layer.register_forward_pre_hook(lambda _, x: dropped.append((x[0] == 0).float().mean().item()))
    network(torch.ones(50, 1, 20, 20))
    assert dropped == pytest.approx([0.2, 0.5, 0.5], abs=0.02)
    dropped.clear()
    network.eval()(torch.ones(50, 1, 20, 20))
    assert dropped == [0, 0, 0]
