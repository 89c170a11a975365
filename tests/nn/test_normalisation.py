import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.nn.normalisation import check_norm, convolution, linear, normalisation
from genzoo.nn.spectral import SpectralConv2d, SpectralLinear

X = torch.randn(4, 6, 5, 5, generator=torch.Generator().manual_seed(0)) * 3 + 1


@pytest.mark.parametrize(("norm", "dims"), [("batch", (0, 2, 3)), ("layer", (1, 2, 3)), ("instance", (2, 3))])
def test_it_normalises_over_its_dimensions_with_a_gain_and_a_shift_a_channel(norm, dims):
    layer = normalisation(norm, 6)
    with torch.no_grad():
        layer.weight.copy_(torch.arange(1.0, 7))
        layer.bias.copy_(torch.arange(6.0))
    mean, variance = X.mean(dims, keepdim=True), X.var(dims, unbiased=False, keepdim=True)
    expected = (X - mean) / (variance + 1e-5).sqrt() * torch.arange(1.0, 7).view(6, 1, 1) + torch.arange(6.0).view(
        6, 1, 1
    )
    torch.testing.assert_close(layer(X), expected)


def test_layer_and_instance_agree_with_torch():
    torch.testing.assert_close(normalisation("layer", 6)(X), F.layer_norm(X, (6, 5, 5)))
    torch.testing.assert_close(normalisation("instance", 6)(X), F.instance_norm(X))


@pytest.mark.parametrize("norm", ["spectral", "none"])
def test_other_norms_leave_feature_maps_alone(norm):
    assert torch.equal(normalisation(norm, 6)(X), X)


@pytest.mark.parametrize("norm", ["batch", "layer", "instance", "spectral", "none"])
def test_only_spectral_changes_the_layers_with_weights(norm):
    check_norm("key", norm)
    spectral = norm == "spectral"
    assert convolution(norm) is (SpectralConv2d if spectral else nn.Conv2d)
    assert linear(norm) is (SpectralLinear if spectral else nn.Linear)


def test_an_unknown_norm_is_refused():
    with pytest.raises(GenzooError, match=r"model.x.norm='group': unknown. Accepted: batch, layer, instance"):
        check_norm("model.x.norm", "group")
