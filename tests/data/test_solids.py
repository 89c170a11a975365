"""Solids have the volume, the extent, the place and the direction that their factors say."""

import math

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.solids import FACTORS, KINDS, Solids, draw

KIND, X_RADIUS, Y_RADIUS, Z_RADIUS, ANGLE, X, Y, Z = range(8)
#: of a solid whose radii are 1
VOLUMES = {
    "box": 8,
    "ellipsoid": 4 / 3 * math.pi,
    "cylinder": 2 * math.pi,
    "cone": 2 / 3 * math.pi,
    "torus": 2 * math.pi**2 * 0.7 * 0.3,
    "cross": 8 * (3 * 0.35**2 - 2 * 0.35**3),
    "hollow box": 8 * (1 - 0.6**2 * 0.8),
}
CELLS = (torch.arange(64) + 0.5) / 64


@pytest.fixture(scope="module")
def large():
    """Volumes of 64 cells a side, float (210, D, H, W), and their factors."""
    factors = Solids(n_train=210).split("train").factors
    return draw(factors, 64)[:, 0].float(), factors


def moments(volumes, coordinate):
    """The mean and the standard deviation of a coordinate over the occupied cells."""
    total = volumes.sum((1, 2, 3))
    mean = (volumes * coordinate).sum((1, 2, 3)) / total
    return mean, ((volumes * coordinate**2).sum((1, 2, 3)) / total - mean**2).sqrt()


def test_the_spec_is_what_is_drawn():
    data = Solids(n_train=100, n_validation=0, n_test=10)
    volumes, labels, factors, *_ = data.split("train")
    assert (volumes.shape, volumes.dtype, factors.shape) == ((100, 1, 16, 16, 16), torch.uint8, (100, 8))
    assert (data.spec.axes, data.spec.levels, data.spec.scaled, data.spec.classes) == ("dhw", 2, 2, 7)
    assert torch.equal(labels, factors[:, KIND].long())
    assert data.describe() == "100 training volumes"


def test_factors_are_uniform_in_their_ranges_and_independent():
    factors = Solids(n_train=10_000).split("train").factors
    for i, (low, high) in enumerate(FACTORS.values()):
        assert low <= factors[:, i].min()
        assert factors[:, i].max() <= high
        middle = (low + high) / 2 - (0.5 if i == KIND else 0)
        assert abs(factors[:, i].mean() - middle) < 0.02 * (high - low)
    assert (torch.corrcoef(factors.T) - torch.eye(8)).abs().max() < 0.04


def test_a_solid_has_the_volume_of_its_kind_and_radii(large):
    volumes, factors = large
    found = volumes.sum((1, 2, 3)) / 64**3 / factors[:, X_RADIUS : Z_RADIUS + 1].prod(1)
    for kind, name in enumerate(KINDS):
        error = found[factors[:, KIND] == kind] / VOLUMES[name] - 1
        assert error.abs().max() < 0.1, name  # of cells at the surface
        assert error.mean().abs() < 0.02, name


def test_a_solid_is_where_its_factors_say(large):
    volumes, factors = large
    symmetric = ~torch.isin(factors[:, KIND], torch.tensor([KINDS.index("cone"), KINDS.index("hollow box")]))
    for coordinate, i in ((CELLS, X), (CELLS.view(-1, 1), Y), (CELLS.view(-1, 1, 1), Z)):
        error = moments(volumes, coordinate)[0] - factors[:, i]
        if i == Y:
            assert (error[~symmetric] > 0.005).all()  # their mass is near the ground
            error = error[symmetric]
        assert error.abs().max() * 64 < 0.5


def test_the_radii_are_half_the_extents():
    """The standard deviation of a uniform interval is its half length / √3, and of an ellipsoid / √5."""
    factors = torch.tensor([[kind, 10 / 64, 22 / 64, 0.25, 0, 0.5, 0.5, 0.5] for kind in (0, 1)])
    volumes = draw(factors, 64)[:, 0].float()
    for coordinate, radius in ((CELLS, 10 / 64), (CELLS.view(-1, 1), 22 / 64), (CELLS.view(-1, 1, 1), 0.25)):
        spread = moments(volumes, coordinate)[1]
        torch.testing.assert_close(spread, radius / torch.tensor([3.0, 5.0]).sqrt(), rtol=0.01, atol=0)


def test_the_angle_turns_counterclockwise_seen_from_above():
    angles = torch.linspace(0, math.pi / 2, 7)
    factors = torch.tensor([[1, 0.3, 0.2, 0.15, 0, 0.5, 0.5, 0.5]]).repeat(7, 1)
    factors[:, ANGLE] = angles
    seen = draw(factors, 64)[:, 0].float().sum(2)  # (N, D, W)
    x, z = CELLS - 0.5, (CELLS - 0.5).view(-1, 1)  # right and away; seen from above, away is up
    xx, zz, xz = ((seen * product).sum((1, 2)) for product in (x * x, z * z, x * z))
    axis = torch.atan2(2 * xz, xx - zz) / 2  # direction of the long axis
    assert ((axis - angles + 0.5) % math.pi - 0.5).abs().max() < 0.02


def test_a_cone_ends_in_its_tip_and_a_hollow_box_is_open_at_the_top():
    factors = torch.tensor([[KINDS.index(kind), 0.3, 0.3, 0.3, 0, 0.5, 0.5, 0.5] for kind in ("cone", "hollow box")])
    cone, hollow = draw(factors, 64)[:, 0].sum((1, 3)).float() / 64**2  # area by height, from the top
    top, bottom = int(0.2 * 64) + 1, int(0.8 * 64) - 1
    assert cone[top] < 0.01 < 0.25 < cone[bottom]
    assert hollow[top].item() == pytest.approx(0.36 * (1 - 0.36), abs=0.02)
    assert hollow[bottom].item() == pytest.approx(0.36, abs=0.02)


@pytest.mark.parametrize("size", [16, 32])
def test_no_solid_leaves_the_volume_or_vanishes(size):
    volumes = Solids(size=size, n_train=2000).split("train").images[:, 0]
    assert volumes.sum((1, 2, 3)).min() > 0.001 * size**3
    for axis in (1, 2, 3):
        assert not volumes.select(axis, 0).any()
        assert not volumes.select(axis, size - 1).any()


def test_the_same_seed_gives_the_same_volumes_and_splits_differ():
    small = {"n_train": 50, "n_validation": 50, "n_test": 50}
    a, b, c = Solids(**small), Solids(**small, seed=5), Solids(**small, solids_seed=1)
    for split in ("train", "validation", "test"):
        assert torch.equal(a.split(split).images, b.split(split).images)
        assert not torch.equal(a.split(split).images, c.split(split).images)
    assert not torch.equal(a.split("train").factors, a.split("test").factors)


@pytest.mark.parametrize(("key", "value"), [("size", 24), ("size", 0), ("n_train", 0), ("n_test", -1), ("levels", 256)])
def test_settings_are_checked(key, value):
    with pytest.raises(GenzooError, match=f"^data.{key}={value}: "):
        Solids(**{key: value})
