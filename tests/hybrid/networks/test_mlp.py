"""The perceptrons: layers, initial weights, ranges, noise, labels."""

import pytest
import torch
from torch import nn

from genzoo.hybrid.networks.mlp import MLPCodeDiscriminator, MLPDecoder, MLPEncoder

SHAPE = (1, 4, 4)


@pytest.mark.parametrize(
    "network",
    [MLPEncoder(SHAPE, 8), MLPDecoder(8, SHAPE), MLPCodeDiscriminator(8, classes=10)],
    ids=lambda network: type(network).__name__,
)
def test_two_hidden_layers_of_1000_with_small_normal_weights(network):
    linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    assert [layer.out_features for layer in linear[:2]] == [1000, 1000]
    assert len(linear) == 3
    assert linear[1].weight.std().item() == pytest.approx(0.01, rel=0.01)
    assert all((layer.bias == 0).all() for layer in linear)


def test_codes_are_linear_and_images_lie_in_their_range():
    encoder, decoder = MLPEncoder(SHAPE, 8, std=1.0), MLPDecoder(8, SHAPE, std=1.0)
    codes = encoder(torch.rand(50, *SHAPE))
    assert codes.min() < -1
    assert codes.max() > 1
    images = decoder(codes)
    assert images.shape == (50, *SHAPE)
    assert -1 <= images.min() <= images.max() <= 1
    assert images.min() < 0 < images.max()


def test_noise_is_on_the_images_and_in_training_only():
    encoder = MLPEncoder(SHAPE, 16, hidden=[], noise=0.3)
    nn.init.eye_(encoder.layers[0].weight)
    images = -torch.ones(2000, *SHAPE)  # 0 in [0, 1]
    assert encoder(images).std().item() == pytest.approx(0.3, abs=0.01)
    assert (encoder.eval()(images) == 0).all()


def test_noise_of_the_discriminator_is_on_the_values_and_in_training_only():
    discriminator = MLPCodeDiscriminator(1, classes=1, hidden=[], noise=0.3)
    nn.init.ones_(discriminator.layers[0].weight)
    codes, labels = torch.full((5000, 1), 2.0), torch.zeros(5000).long()
    logits = discriminator(codes, labels)  # the value, and 1 for the label
    assert logits.mean().item() == pytest.approx(3, abs=0.03)
    assert logits.std().item() == pytest.approx(0.3, abs=0.02)
    assert (discriminator.eval()(codes, labels) == 3).all()


def test_each_label_has_a_number_of_its_own_and_the_last_is_for_unknown_ones():
    discriminator = MLPCodeDiscriminator(2, classes=3, hidden=[])
    weight = discriminator.layers[0].weight
    with torch.no_grad():
        weight.copy_(torch.tensor([[1.0, 10.0, 100.0, 200.0, 300.0, 400.0]]))
    codes = torch.tensor([[1.0, 2.0]]).expand(4, -1)
    found = discriminator(codes, torch.tensor([0, 1, 2, -1]))
    assert found.tolist() == [121.0, 221.0, 321.0, 421.0]


def test_without_classes_labels_change_nothing():
    discriminator = MLPCodeDiscriminator(2)
    codes = torch.randn(4, 2)
    assert torch.equal(discriminator(codes, torch.zeros(4).long()), discriminator(codes, torch.arange(4)))
