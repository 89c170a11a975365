"""DnCNN: layers, start, and what it subtracts."""

import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.translation.networks.dncnn import DnCNN


def test_it_has_the_papers_layers():
    with torch.device("meta"):
        network = DnCNN(shape=(1, 40, 40), outputs=1)
    assert sum(isinstance(m, nn.Conv2d) for m in network.modules()) == 17
    ends = 9 * 64 + 64 + 9 * 64 + 1
    assert sum(p.numel() for p in network.parameters()) == ends + 15 * (9 * 64 * 64 + 2 * 64)


def test_the_result_is_the_image_minus_the_predicted_noise():
    network = DnCNN(shape=(2, 8, 8), outputs=2, channels=4, layers=3)
    last = network.noise[-1]
    nn.init.zeros_(last.weight)
    with torch.no_grad():
        last.bias.copy_(torch.tensor([0.25, -0.5]))
    images = torch.randn(3, 2, 5, 7)
    assert torch.equal(network(images), images - torch.tensor([0.25, -0.5]).view(2, 1, 1))


def test_an_output_sees_as_many_neighbours_as_there_are_layers():
    network = DnCNN(shape=(1, 15, 15), outputs=1, channels=4, layers=4).eval()
    images = torch.randn(1, 1, 15, 15, requires_grad=True)
    network.noise(images)[0, 0, 7, 7].backward()
    seen = images.grad[0, 0].nonzero()
    assert (seen.amin(0).tolist(), seen.amax(0).tolist()) == ([3, 3], [11, 11])


def test_it_starts_as_the_original_does():
    torch.manual_seed(0)
    network, std = DnCNN(shape=(1, 8, 8), outputs=1, channels=32, layers=6), (2 / (9 * 32)) ** 0.5
    weights = torch.cat([m.weight.flatten() for m in network.noise if isinstance(m, nn.Conv2d)])
    assert weights.std().item() == pytest.approx(std, rel=0.02)
    scales = torch.cat([m.weight for m in network.noise if isinstance(m, nn.BatchNorm2d)])
    assert scales.abs().min().item() == pytest.approx(0.025)
    assert scales.min() < 0 < scales.max() < 5 * std
    assert all(not m.bias.any() for m in network.noise if getattr(m, "bias", None) is not None)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"outputs": 3},
            r"^model\.generator: DnCNN subtracts noise from an observation of 1 channels, and the image has 3: "
            r"use another generator, as in model=unet_regression\.$",
        ),
        ({"layers": 1}, r"^model\.generator\.layers=1: an integer of at least 2 is needed\.$"),
    ],
)
def test_what_it_cannot_be_is_one_line(settings, message):
    with pytest.raises(GenzooError, match=message):
        DnCNN(**{"shape": (1, 8, 8), "outputs": 1, "channels": 4, **settings})
