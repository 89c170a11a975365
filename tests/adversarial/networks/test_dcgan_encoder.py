"""The encoder of DCGAN's layers."""

import pytest
import torch

from genzoo.adversarial.networks import base
from genzoo.adversarial.networks.dcgan import Discriminator
from genzoo.adversarial.networks.dcgan_encoder import Encoder
from genzoo.core.errors import GenzooError
from genzoo.core.protocols import missing


@pytest.mark.parametrize("size", [16, 28, 64])
@pytest.mark.parametrize("noise", [0, 2])
def test_it_is_an_encoder_of_the_discriminators_layers(size, noise):
    encoder, images = (
        Encoder((3, size, size), outputs=7, noise=noise, channels=2),
        torch.randn(4, 3 + noise, size, size),
    )
    discriminator = Discriminator((3 + noise, size, size), channels=2)
    assert missing(encoder, base.Encoder) == []
    assert encoder.shape == (3, size, size)
    encoder.trunk.load_state_dict(discriminator.trunk.state_dict())
    features = encoder.features(images)
    torch.testing.assert_close(features, discriminator.features(images))
    linear = encoder.head[0]
    torch.testing.assert_close(encoder(images), features @ linear.weight.T + linear.bias)
    assert encoder(images).shape == (4, 7)


def test_a_tangent_bounds_its_outputs():
    images = 100 * torch.randn(4, 1, 16, 16)
    for bounded in (False, True):
        torch.manual_seed(0)
        encoder = Encoder((1, 16, 16), outputs=3, channels=2, norm="none", bounded=bounded)
        with torch.no_grad():
            encoder.head[0].weight.mul_(100)
        linear = encoder.head[0](encoder.features(images))
        torch.testing.assert_close(encoder(images), linear.tanh() if bounded else linear)
        assert linear.abs().max() > 1


def test_initial_weights_are_dcgans():
    encoder = Encoder((1, 32, 32), outputs=50, channels=32)
    assert encoder.head[0].weight.std().item() == pytest.approx(0.02, rel=0.03)
    assert not encoder.head[0].bias.any()


def test_an_unknown_norm_is_refused():
    with pytest.raises(GenzooError, match=r"^model\.encoder\.norm='group': unknown. Accepted: batch, layer"):
        Encoder((1, 16, 16), outputs=3, norm="group")
