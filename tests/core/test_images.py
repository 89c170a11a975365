import pytest
import torch

from genzoo.core.images import from_levels, from_unit, to_levels, to_unit


@pytest.mark.parametrize("n", [2, 3, 256])
def test_levels_survive_the_round_trip(n):
    levels = torch.arange(n, dtype=torch.uint8)
    images = from_levels(levels, n)
    assert images.dtype == torch.float32
    assert (images[0].item(), images[-1].item()) == (-1, 1)
    assert torch.allclose(images, torch.linspace(-1, 1, n), atol=1e-6)
    assert torch.equal(to_levels(images, n), levels)


def test_continuous_data_have_no_levels_and_stay_as_they_are():
    points = torch.tensor([-0.123, 0.0, 0.7])
    assert torch.equal(from_levels(points, None), points)


@pytest.mark.parametrize(
    ("value", "n", "level"), [(-0.01, 2, 0), (0.01, 2, 1), (-7.0, 256, 0), (7.0, 256, 255), (0.5, 256, 191)]
)
def test_any_value_goes_to_the_nearest_level(value, n, level):
    found = to_levels(torch.tensor([value]), n)
    assert found.dtype == torch.uint8
    assert found.item() == level


def test_the_unit_interval_is_half_the_range_shifted():
    images = torch.tensor([-1.0, -0.5, 0.0, 1.0])
    assert to_unit(images).tolist() == [0, 0.25, 0.5, 1]
    assert torch.equal(from_unit(to_unit(images)), images)
