"""CaloGAN's networks: sizes of the source, attention by hand, features without gradient, the input's scale."""

import pytest
import torch
from torch.nn import functional as F

from genzoo.adversarial.networks.shower_discriminator import LayerFeatures, ShowerDiscriminator
from genzoo.adversarial.networks.shower_generator import Attention, LayerGenerator, ShowerGenerator
from genzoo.core.errors import GenzooError

LAYERS = {"strips": (2, 8), "cells": (4, 4)}


@pytest.mark.parametrize(("shape", "features"), [((3, 96), 1000), ((12, 12), 448), ((12, 6), 336)])
def test_each_layer_has_as_many_features_as_in_the_source(shape, features):
    network = LayerFeatures(shape, 64, (16, 8, 8), 10, 10)
    assert network.outputs == features + 21
    assert network(torch.rand(2, *shape)).shape == (2, features + 21)
    made = LayerGenerator(5, shape, 36, 16, 6)
    assert made[0].out_features == (shape[0] + 2) * (shape[1] + 2) * 36
    assert made(torch.randn(2, 5)).shape == (2, 1, *shape)


def test_attention_carries_nothing_over_at_first():
    torch.manual_seed(0)
    layer, before = 0.1 * torch.randn(8, 1, 12, 12), 0.1 * torch.randn(8, 1, 3, 96)
    assert (Attention((3, 96), (12, 12))(layer, before) - layer).abs().max() < 1e-3


def test_attention_with_all_weight_on_the_carried_channel_is_the_resized_layer():
    attend = Attention((2, 4), (4, 2))
    with torch.no_grad():
        attend.weigh.bias[:, 1] = 1e3
    before = torch.arange(8.0).view(1, 1, 2, 4)
    expected = torch.tensor([[0.5, 2.5], [0.5, 2.5], [4.5, 6.5], [4.5, 6.5]])
    torch.testing.assert_close(attend(torch.randn(1, 1, 4, 2), before)[0, 0], expected)


def test_attention_is_the_sum_weighted_by_a_softmax_over_both():
    torch.manual_seed(0)
    attend = Attention((2, 4), (4, 2))
    torch.nn.init.normal_(attend.weigh.bias)
    layer, before = torch.randn(3, 1, 4, 2), torch.randn(3, 1, 2, 4)
    resized = before.unflatten(3, (2, 2)).mean(4).repeat_interleave(2, 2)
    a, b = attend.weigh(torch.cat([layer, resized], 1)).unbind(1)
    share = torch.sigmoid(a - b)[:, None]
    torch.testing.assert_close(attend(layer, before), share * layer + (1 - share) * resized)


@pytest.mark.parametrize(("before", "shape"), [((3, 8), (4, 4)), ((2, 6), (4, 4))])
def test_layers_that_cannot_be_resized_are_one_line(before, shape):
    with pytest.raises(GenzooError, match=r"^model\.generator\.layers: a layer of 4 x 4 cells after one of "):
        Attention(before, shape)


def test_the_input_of_the_generator_is_noise_times_a_hundredth_of_the_energy():
    torch.manual_seed(0)
    network = ShowerGenerator(LAYERS, latent=3, base=2, maps=2, local=2).eval()
    z = torch.randn(5, 3)
    torch.testing.assert_close(network(z, torch.full((5, 1), 50.0)), network(z / 2, torch.full((5, 1), 100.0)))
    assert not torch.equal(network(z, torch.full((5, 1), 50.0)), network(z, torch.full((5, 1), 60.0)))


def test_a_later_layer_depends_on_the_one_before_by_the_attention_only():
    torch.manual_seed(0)
    network = ShowerGenerator(LAYERS, latent=3, base=2, maps=2, local=2).eval()
    seen = []
    network.attention[0].register_forward_hook(lambda module, given, made: seen.append((*given, made)))
    found = network.parts.split(network(torch.randn(5, 3), torch.full((5, 1), 50.0)))
    ((_, before, made),) = seen
    assert (before < 0).any()  # energies before the ReLU are carried over
    torch.testing.assert_close(found["strips"], F.relu(before[:, 0]))
    torch.testing.assert_close(found["cells"], F.relu(made[:, 0]))


def test_the_sparsity_informs_the_discriminator_without_a_gradient():
    torch.manual_seed(0)
    network = LayerFeatures((4, 4), 2, (2, 2, 2), 2, 2)
    energies = torch.rand(6, 4, 4) * (torch.rand(6, 4, 4) < 0.5)
    energies.requires_grad_()
    found = network(energies)
    assert torch.equal(found[:, -3], (energies > 0).float().mean((1, 2)))
    assert not torch.autograd.grad(found[:, -3:].sum(), energies, retain_graph=True)[0].any()
    assert torch.autograd.grad(found[:, :-3].sum(), energies)[0].any()


def test_features_of_the_energies():
    torch.manual_seed(0)
    network = ShowerDiscriminator(LAYERS, maps=2, local=(2, 2, 2), kernels=3, dimensions=2)
    layers = [torch.full((2, 2, 8), 0.5, requires_grad=True), torch.full((2, 4, 4), 0.25, requires_grad=True)]
    found = network.energies(layers, torch.tensor([[10.0], [20.0]]))  # 8 + 4 GeV
    expected = torch.tensor([[0.8, 0.4, 0.12, 2, 0], [0.8, 0.4, 0.12, 8, 10]])
    torch.testing.assert_close(found[:, :5], expected)
    torch.testing.assert_close(found[:, 5:], torch.tensor(2.0).tanh().expand(2, 3))  # both showers are the same
    (slope,) = torch.autograd.grad(found[1, 3:5].sum(), layers[0])
    assert (slope[1] == -1).all()  # of the missing energy; the flag has none
