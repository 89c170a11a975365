"""3D-GAN's networks have the paper's layers, at each size of a volume."""

import pytest
import torch

from genzoo.adversarial.networks.volumetric import Discriminator, Generator
from genzoo.core.errors import GenzooError


def test_the_layers_of_64_cells_are_the_papers():
    generator, discriminator = Generator(200, (1, 64, 64, 64)), Discriminator((1, 64, 64, 64))
    weights = [tuple(p.shape) for p in generator.parameters() if p.dim() == 5]
    maps = [(200, 512), (512, 256), (256, 128), (128, 64), (64, 1)]
    assert weights == [(*pair, 4, 4, 4) for pair in maps]
    weights = [tuple(p.shape) for p in discriminator.parameters() if p.dim() == 5]
    assert weights == [(*pair, 4, 4, 4) for pair in [(64, 1), (128, 64), (256, 128), (512, 256), (1, 512)]]
    norms = 2 * (512 + 256 + 128 + 64)  # the only other parameters; there are no biases
    assert sum(p.numel() for p in generator.parameters()) == 64 * sum(a * b for a, b in maps) + norms


@pytest.mark.parametrize("size", [8, 16, 32, 64])
def test_maps_double_from_4_cells_up(size):
    generator, discriminator = Generator(7, (1, size, size, size), 2), Discriminator((1, size, size, size), 2)
    volumes = generator(torch.rand(2, 7))
    assert volumes.shape == (2, 1, size, size, size)
    assert -1 < volumes.min() < 0 < volumes.max() < 1
    sides = [m.shape[1:] for m in discriminator.feature_maps(volumes)]
    assert [tuple(side) for side in sides] == [(2 * 2**i, *3 * (size // 2 ** (i + 1),)) for i in range(len(sides))]
    assert sides[-1][1] == 4
    assert discriminator(volumes).shape == (2,)


def test_volumes_are_in_the_unit_interval_inside():
    generator = Generator(3, (1, 8, 8, 8), 2).eval()
    codes = torch.tensor([[0.0, 0.5, 1.0]])
    assert torch.allclose(generator(codes), 2 * generator.layers(codes) - 1)
    discriminator = Discriminator((1, 8, 8, 8), 2).eval()
    with torch.no_grad():
        assert discriminator(-torch.ones(1, 1, 8, 8, 8)).item() == 0  # no biases: an empty volume is 0


@pytest.mark.parametrize("shape", [(1, 24, 24, 24), (1, 4, 4, 4), (1, 16, 16, 32)])
@pytest.mark.parametrize(
    "network", [lambda shape: Generator(3, shape), Discriminator], ids=["generator", "discriminator"]
)
def test_other_sides_are_refused(network, shape):
    given = " x ".join(map(str, shape[1:]))
    with pytest.raises(GenzooError, match=rf"^model: .* 8 x 8 x 8, .*, 128 x 128 x 128, not of {given}; .*data\.size"):
        network(shape)
