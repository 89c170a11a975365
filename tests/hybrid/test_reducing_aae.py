"""Dimensionality reduction: the representation is linear in the code, and the heads are pushed apart."""

from functools import partial

import numpy as np
import pytest
import torch

from genzoo.core.batches import ImageBatch
from genzoo.hybrid.networks.heads import ClusterHeads
from genzoo.hybrid.networks.mlp import MLPDecoder
from genzoo.runs.build import build_module
from support import SHAPES, resolved


def heads(categories=3, n=2):
    torch.manual_seed(0)
    return ClusterHeads(categories + n, partial(MLPDecoder, shape=(1, 4, 4), hidden=[8]), categories)


def test_the_representation_is_the_head_of_the_category_plus_the_style():
    network = heads()
    w = network.heads.weight.detach()
    codes = torch.randn(7, 5)
    torch.testing.assert_close(network.embed(codes), codes[:, :3] @ w.T + codes[:, 3:])
    one_hot = torch.cat([torch.eye(3), torch.zeros(3, 2)], dim=1)
    torch.testing.assert_close(network.embed(one_hot), w.T)


def test_it_is_linear_in_the_code():
    network = heads()
    a, b = torch.randn(2, 7, 5)
    torch.testing.assert_close(network.embed(2 * a - 3 * b), 2 * network.embed(a) - 3 * network.embed(b))


def test_images_depend_on_the_representation_alone():
    network = heads()
    code = torch.tensor([[0.2, 0.5, 0.3, 1.0, -1.0]])
    same = torch.cat([torch.zeros(1, 3), network.embed(code).detach()], dim=1)
    torch.testing.assert_close(network(code), network(same))
    assert not torch.allclose(network(code), network(code + 1), atol=1e-6)


def test_heads_are_crowded_by_how_much_they_are_too_close():
    network = heads()
    with torch.no_grad():
        network.heads.weight.copy_(torch.tensor([[0.0, 3.0, 0.0], [0.0, 0.0, 4.0]]))  # distances 3, 4, 5
    assert network.crowding(3.0).item() == 0
    assert network.crowding(4.5).item() == pytest.approx((1.5 + 0.5 + 0) / 3)
    network.crowding(4.5).backward()
    with torch.no_grad():
        closest = network.heads.weight - 0.1 * network.heads.weight.grad
    assert (closest[:, 0] - closest[:, 1]).norm() > 3
    with torch.no_grad():
        network.heads.weight.zero_()
    network.zero_grad()
    network.crowding(1.0).backward()
    assert network.heads.weight.grad.isfinite().all()  # also where heads coincide


def test_the_models_decoder_loss_has_the_crowding_and_its_encoders_has_not():
    config = resolved("model=aae_reduction", *SHAPES, "trainer=smoke", "model.distance_weight=0.7")
    module = build_module(config)
    real = ImageBatch(torch.rand(6, 1, 28, 28) * 2 - 1, torch.zeros(6).long())
    codes = module.codes(real)
    error = np.square((module.decoder(codes) - real.images).detach().numpy()).mean()
    crowding = module.decoder.crowding(8.0).item()
    assert crowding > 0
    assert module.decoder_loss(real, codes).item() == pytest.approx(error + 0.7 * crowding, rel=1e-5)
    assert module.reconstruction_loss(real, codes).item() == pytest.approx(
        module.reconstruction_weight * error, rel=1e-5
    )
