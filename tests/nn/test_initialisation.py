import pytest
import torch
from scipy import stats
from torch import nn

from genzoo.nn.initialisation import dcgan_initialisation, glorot_initialisation


def initialised(layer, std, **options):
    torch.manual_seed(0)
    nn.init.constant_(layer.weight, 9)
    if layer.bias is not None:
        nn.init.constant_(layer.bias, 9)
    dcgan_initialisation(nn.Sequential(nn.Sequential(layer), nn.ReLU()), std, **options)
    return layer


def shown(given):
    """A name that is the same in every process."""
    return repr(given) if isinstance(given, nn.Module) else "law"


@pytest.mark.parametrize(
    ("layer", "law"),
    [
        (nn.Conv2d(32, 64, 4), stats.norm(scale=0.05)),
        (nn.ConvTranspose2d(32, 64, 4), stats.norm(scale=0.05)),
        (nn.Conv3d(16, 32, 4), stats.norm(scale=0.05)),
        (nn.ConvTranspose3d(16, 32, 4), stats.norm(scale=0.05)),
        (nn.Linear(200, 200), stats.norm(scale=0.05)),
        (nn.Linear(200, 200, bias=False), stats.norm(scale=0.05)),
        (nn.BatchNorm2d(20_000), stats.norm(1, 0.02)),
        (nn.BatchNorm1d(20_000), stats.norm(1, 0.02)),
    ],
    ids=shown,
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


@pytest.mark.parametrize(
    ("layer", "law"),
    [
        (nn.Conv2d(32, 64, 4), stats.truncnorm(-2, 2, scale=0.05)),
        (nn.ConvTranspose2d(32, 64, 4), stats.norm(scale=0.05)),
        (nn.Linear(200, 200), stats.norm(scale=0.05)),
    ],
    ids=shown,
)
def test_truncation_is_of_convolutions(layer, law):
    layer = initialised(layer, 0.05, truncated=True)
    assert stats.kstest(layer.weight.detach().flatten().numpy(), law.cdf).pvalue > 0.01


@pytest.mark.parametrize(
    ("layer", "variance"),
    [
        # tflib: 4 / (fan in + fan out) with he_init, fans thinned by the stride on the finer side; 2 / ... without
        (nn.Conv2d(32, 64, 5, stride=2), 4 / (32 * 25 + 64 * 25 / 4)),
        (nn.ConvTranspose2d(64, 32, 5, stride=2), 4 / (64 * 25 / 4 + 32 * 25)),
        (nn.Conv2d(64, 64, 3), 4 / (2 * 64 * 9)),
        (nn.Conv2d(128, 64, 1), 2 / (128 + 64)),
        (nn.Linear(100, 300), 2 / 400),
    ],
    ids=repr,
)
def test_glorot_weights_are_uniform_of_the_originals_variance(layer, variance):
    torch.manual_seed(0)
    nn.init.constant_(layer.bias, 9)
    glorot_initialisation(nn.Sequential(layer))
    bound = (3 * variance) ** 0.5
    law = stats.uniform(-bound, 2 * bound)
    assert stats.kstest(layer.weight.detach().flatten().numpy(), law.cdf).pvalue > 0.01
    assert (layer.bias == 0).all()


def test_glorot_leaves_norms_alone():
    norm = nn.BatchNorm2d(3)
    nn.init.constant_(norm.weight, 0.7)
    glorot_initialisation(nn.Sequential(norm))
    assert (norm.weight == 0.7).all()
