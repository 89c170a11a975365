import pytest
import torch
from scipy import stats
from torch import nn

from genzoo.nn.initialisation import dcgan_initialisation


def initialised(layer, std):
    torch.manual_seed(0)
    nn.init.constant_(layer.weight, 9)
    if layer.bias is not None:
        nn.init.constant_(layer.bias, 9)
    dcgan_initialisation(nn.Sequential(nn.Sequential(layer), nn.ReLU()), std)
    return layer


@pytest.mark.parametrize(
    ("layer", "law"),
    [
        (nn.Conv2d(32, 64, 4), stats.truncnorm(-2, 2, scale=0.05)),
        (nn.ConvTranspose2d(32, 64, 4), stats.norm(scale=0.05)),
        (nn.Linear(200, 200), stats.norm(scale=0.05)),
        (nn.Linear(200, 200, bias=False), stats.norm(scale=0.05)),
        (nn.BatchNorm2d(20_000), stats.norm(1, 0.05)),
        (nn.BatchNorm1d(20_000), stats.norm(1, 0.05)),
    ],
    ids=repr,
)
def test_weights_follow_their_law_and_biases_are_zero(layer, law):
    layer = initialised(layer, 0.05)
    assert stats.kstest(layer.weight.detach().flatten().numpy(), law.cdf).pvalue > 0.01
    assert layer.bias is None or (layer.bias == 0).all()


def test_the_published_standard_deviation_is_the_default():
    torch.manual_seed(0)
    layer = nn.Linear(300, 300)
    dcgan_initialisation(layer)
    assert layer.weight.std().item() == pytest.approx(0.02, rel=0.02)
