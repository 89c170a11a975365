"""GAWWN's networks: boxes and key points as maps, the original's sizes, where images change."""

import pytest
import torch
from torch import nn

from genzoo.adversarial.networks.box_text import BoxDiscriminator, BoxGenerator
from genzoo.adversarial.networks.places import from_box, gate, into_box, point_maps
from genzoo.adversarial.networks.point_text import PointDiscriminator, PointGenerator

BOX = torch.tensor([[0.25, 0.5, 0.75, 1.0]])


def shapes_of(network):
    """The weights' shapes of the convolutions, in order."""
    kinds = nn.Conv2d | nn.ConvTranspose2d
    return [tuple(m.weight.shape) for m in network.modules() if isinstance(m, kinds)]


def test_maps_fill_the_box_and_nothing_else():
    placed = into_box(torch.ones(1, 2, 8, 8), BOX)
    expected = torch.zeros(1, 2, 8, 8)
    expected[:, :, 4:, 2:6] = 1  # rows of the lower half, columns in the middle
    torch.testing.assert_close(placed, expected)


def test_a_boxs_content_is_found_again():
    ramp = torch.arange(16.0).expand(1, 1, 16, 16) + 100 * torch.arange(16.0)[:, None]
    content = from_box(ramp, BOX)
    columns = 4 + (torch.arange(16) + 0.5) / 2 - 0.5  # pixels 4 to 12 of the map
    torch.testing.assert_close(content[0, 0, 4] - content[0, 0, 4, 0], columns - columns[0])
    torch.testing.assert_close(content[0, 0, 4, 0], columns[0] + 100 * (8 + 4.5 / 2 - 0.5))
    back = into_box(content, BOX)
    torch.testing.assert_close(back[..., 9:15, 5:11], ramp[..., 9:15, 5:11])


def test_key_points_are_cells_and_those_out_of_sight_are_none():
    points = torch.tensor([[[0.1, 0.9, 1.0], [0.6, 0.2, 1.0], [0.6, 0.2, 1.0], [0.3, 0.3, 0.0]]])
    maps = point_maps(points, 4)
    assert maps.nonzero().tolist() == [[0, 0, 3, 0], [0, 1, 0, 2], [0, 2, 0, 2]]
    assert gate(maps)[0, 0].nonzero().tolist() == [[0, 2], [3, 0]]
    assert gate(maps).max() == 1


def test_128_pixels_have_the_originals_convolutions_for_boxes():
    g = BoxGenerator(latent=100, embedding=1024, shape=(3, 128, 128), channels=128)
    assert shapes_of(g.boxed) == [(512, 512, 4, 4)] * 3
    assert shapes_of(g.whole) == [(1024, 1024, 4, 4), (1024, 512, 4, 4), (512, 256, 4, 4)]
    assert shapes_of(g.region) == [
        *((1024, 1024, 4, 4), (256, 1024, 1, 1), (256, 256, 3, 3), (1024, 256, 3, 3), (1024, 512, 4, 4)),
        *((128, 512, 1, 1), (128, 128, 3, 3), (512, 128, 3, 3), (512, 256, 4, 4)),
    ]
    assert shapes_of(g.joined) == [(512, 256, 3, 3), (256, 128, 4, 4), (128, 32, 4, 4), (32, 3, 4, 4)]
    d = BoxDiscriminator(embedding=1024, shape=(3, 128, 128), channels=64)
    assert shapes_of(d.image) == [(64, 3, 4, 4), (64, 64, 4, 4), (128, 64, 4, 4), (128, 128, 3, 3)]
    assert [type(layer).__name__ for layer in d.image[:7]] == [
        *("Conv2d", "LeakyReLU", "Conv2d", "LeakyReLU", "Conv2d", "BatchNorm2d", "LeakyReLU"),
    ]
    assert shapes_of(d.region) + shapes_of(d.content) == [(128, 256, 3, 3), (128, 128, 1, 1), (64, 128, 1, 1)]
    assert shapes_of(d.whole) == [(256, 128, 4, 4), (512, 256, 4, 4)]
    assert shapes_of(d.text) == [(256, 128, 4, 4), (64, 256, 4, 4)]
    assert shapes_of(d.joint) == [(256, 576, 1, 1), (64, 256, 4, 4)]


def test_128_pixels_have_the_originals_convolutions_for_key_points():
    g = PointGenerator(latent=100, embedding=1024, shape=(3, 128, 128), channels=128)
    assert shapes_of(g.region) == [(512, 512, 3, 3)]
    assert shapes_of(g.where) == [(128, 5, 4, 4), (256, 128, 4, 4), (512, 256, 4, 4)]
    assert shapes_of(g.whole) == [(1024, 512, 4, 4), (512, 256, 4, 4), (256, 128, 4, 4)]
    assert shapes_of(g.joined) == [
        *((645, 512, 3, 3), (512, 512, 3, 3), (128, 512, 1, 1), (128, 128, 3, 3), (512, 128, 3, 3)),
        *((512, 256, 4, 4), (256, 128, 4, 4), (128, 3, 4, 4)),
    ]
    d = PointDiscriminator(embedding=1024, shape=(3, 128, 128), channels=64)
    assert shapes_of(d.region) + shapes_of(d.at_points) == [(128, 256, 3, 3), (128, 133, 1, 1), (64, 128, 1, 1)]
    assert shapes_of(d.joint) == [(256, 640, 1, 1), (64, 256, 4, 4)]


@pytest.mark.parametrize("size", [16, 28, 64])
@pytest.mark.parametrize(
    ("generator", "discriminator", "place"),
    [
        (BoxGenerator, BoxDiscriminator, torch.tensor([[0.1, 0.1, 0.5, 0.6]] * 6)),
        (PointGenerator, PointDiscriminator, torch.full((6, 5, 3), 0.7)),
    ],
)
def test_other_sizes_and_places_count(size, generator, discriminator, place):
    torch.manual_seed(0)
    g = generator(latent=3, embedding=5, shape=(3, size, size), channels=4, projected=4)
    d = discriminator(embedding=5, shape=(3, size, size), channels=4, projected=4)
    z, t = torch.randn(6, 3), torch.randn(6, 5)
    images, x = g(z, t, place), torch.randn(6, 3, size, size)
    assert images.shape == (6, 3, size, size)
    assert d(images, t, place).shape == (6,)
    other = place + torch.linspace(0, 0.3, 6).view(-1, *[1] * (place.dim() - 1))  # not the same for all
    assert not torch.allclose(images, g(z, t, other))
    assert not torch.allclose(d(x, t, place), d(x, t, other))
    assert not torch.allclose(d(x, t, place), d(x, t.flip(0), place))
