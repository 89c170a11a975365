import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.networks.infogan import Discriminator, Generator, QHead
from genzoo.core.errors import GenzooError


def scrambled(network):
    """Every parameter normal, so that no gain, shift or bias is invisible."""
    torch.manual_seed(0)
    for p in network.parameters():
        nn.init.normal_(p)
    return network.train()


def normalised(x, gain, shift):
    """Batch norm by the statistics of the batch, written out."""
    dims = [d for d in range(x.dim()) if d != 1]
    shape = [1, -1] + [1] * (x.dim() - 2)
    mean, var = x.mean(dims, keepdim=True), x.var(dims, keepdim=True, unbiased=False)
    return (x - mean) / (var + 1e-5).sqrt() * gain.view(shape) + shift.view(shape)


def leaky(x, slope):
    return torch.where(x > 0, x, slope * x)


def test_published_widths_have_the_published_numbers_of_parameters():
    networks = (Generator(74, (1, 28, 28)), Discriminator((1, 28, 28)), QHead(1024, 14))
    fully, maps = 7 * 7 * 128, 4 * 4  # width of the quarter-size map, taps of a kernel
    assert [sum(p.numel() for p in network.parameters()) for network in networks] == [
        74 * 1024 + 2 * 1024 + 1024 * fully + 2 * fully + maps * 128 * 64 + 2 * 64 + maps * 64 + 1,
        maps * 64 + 64 + maps * 64 * 128 + 2 * 128 + fully * 1024 + 2 * 1024 + 1024 + 1,
        1024 * 128 + 2 * 128 + 128 * 14 + 14,
    ]


def test_the_generator_computes_the_published_layers():
    network, z = scrambled(Generator(latent=5, shape=(3, 8, 12), channels=2, hidden=6)), torch.randn(7, 5)
    (w1, g1, s1, w2, g2, s2, w3, g3, s3, w4, b4) = network.parameters()
    x = normalised(z @ w1.T, g1, s1).relu()
    x = normalised(x @ w2.T, g2, s2).relu().view(7, 4, 2, 3)
    x = normalised(F.conv_transpose2d(x, w3, stride=2, padding=1), g3, s3).relu()
    x = F.conv_transpose2d(x, w4, b4, stride=2, padding=1)
    assert torch.allclose(network(z), 2 / (1 + torch.exp(-x)) - 1, atol=1e-4)
    assert network(z).shape == (7, 3, 8, 12)
    assert network(z).abs().max() <= 1


@pytest.mark.parametrize("slope", [0.01, 0.1])
def test_the_discriminator_computes_the_published_layers(slope):
    network = scrambled(Discriminator(shape=(3, 8, 12), channels=2, hidden=6, slope=slope))
    images = torch.rand(7, 3, 8, 12) * 2 - 1
    (w1, b1, w2, g2, s2, w3, g3, s3, w4, b4) = network.parameters()
    x = leaky(F.conv2d((images + 1) / 2, w1, b1, stride=2, padding=1), slope)
    x = leaky(normalised(F.conv2d(x, w2, stride=2, padding=1), g2, s2), slope).flatten(1)
    features = leaky(normalised(x @ w3.T, g3, s3), slope)
    assert torch.allclose(network.features(images), features, atol=1e-4)
    maps = network.feature_maps(images)
    assert [m.shape for m in maps] == [(7, 2, 4, 6), (7, 4, 2, 3)]
    assert torch.allclose(maps[0], leaky(F.conv2d((images + 1) / 2, w1, b1, stride=2, padding=1), slope), atol=1e-4)
    assert torch.allclose(maps[1].flatten(1), x, atol=1e-4)
    assert torch.allclose(network(images), (features @ w4.T + b4)[:, 0], atol=1e-4)


@pytest.mark.parametrize("slope", [0.01, 0.1])
def test_the_recognition_head_computes_the_published_layers(slope):
    network, features = scrambled(QHead(features=6, outputs=5, hidden=4, slope=slope)), torch.randn(7, 6)
    (w1, g1, s1, w2, b2) = network.parameters()
    expected = leaky(normalised(features @ w1.T, g1, s1), slope) @ w2.T + b2
    assert torch.allclose(network(features), expected, atol=1e-4)


@pytest.mark.parametrize("network", [Generator(74, (1, 28, 28)), Discriminator((1, 28, 28)), QHead(1024, 14)])
def test_weights_start_as_published(network):
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            std = 0.02 * (0.88 if isinstance(layer, nn.Conv2d) else 1)  # ±2 std keep 0.88 of it
            assert layer.weight.std().item() == pytest.approx(std, rel=0.1)
            assert layer.bias is None or (layer.bias == 0).all()


@pytest.mark.parametrize("network", [lambda shape: Generator(5, shape), Discriminator])
@pytest.mark.parametrize("shape", [(1, 30, 28), (1, 28, 27)])
def test_sizes_that_cannot_be_halved_twice_are_refused(network, shape):
    with pytest.raises(GenzooError, match="must be a multiple of 4"):
        network(shape)
