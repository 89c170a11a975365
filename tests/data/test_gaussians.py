import math

import pytest
import torch

from genzoo.core.batches import Stream
from genzoo.core.errors import GenzooError
from genzoo.data.gaussians import Grid, Modes, Ring
from genzoo.data.loader import RoundLoader

BOTH = pytest.mark.parametrize("mixture", [Ring, Grid])


def test_the_rings_centres_are_the_corners_of_a_polygon():
    for k, (x, y) in enumerate(Ring(modes=8, radius=2.0).centres.tolist()):
        assert (x, y) == pytest.approx((2 * math.cos(k * math.pi / 4), 2 * math.sin(k * math.pi / 4)), abs=1e-6)
    assert Ring(modes=5).centres.shape == (5, 2)


def test_the_grids_centres_are_spaced_evenly_around_the_origin():
    assert Grid().centres.tolist() == [[x, y] for y in (-4, -2, 0, 2, 4) for x in (-4, -2, 0, 2, 4)]
    assert Grid(side=2, spacing=3.0).centres.tolist() == [[-1.5, -1.5], [1.5, -1.5], [-1.5, 1.5], [1.5, 1.5]]


@pytest.mark.parametrize(("mixture", "extent", "std"), [(Ring, 2.2, 0.02), (Grid, 4.5, 0.05)])
def test_each_mode_has_its_mean_and_deviation_in_the_sources_units(mixture, extent, std):
    data = mixture()
    assert data.extent == pytest.approx(extent)
    images, labels, *_ = data.split("train")
    assert images.shape == (50_000, 2, 1, 1)
    assert images.dtype == torch.float32
    assert images.abs().max() <= 1
    points = images.flatten(1) * extent
    for mode, centre in enumerate(data.centres):
        within = points[labels == mode]
        assert len(within) == pytest.approx(50_000 / len(data.centres), rel=0.1)  # equally likely
        error = std / math.sqrt(len(within))
        assert (within.mean(0) - centre).abs().max() < 5 * error
        assert (within.std(0) / std - 1).abs().max() < 0.1
        assert torch.corrcoef(within.T)[0, 1].abs() < 0.1  # round


@BOTH
def test_the_spec_says_continuous_and_a_class_a_mode(mixture):
    spec = mixture().spec
    assert (spec.channels, spec.size, spec.levels, spec.classes) == (2, 1, None, len(mixture().centres))


@BOTH
def test_the_loader_hands_points_through_unchanged(mixture):
    data = mixture(n_train=20, n_validation=0, n_test=5)
    points, labels, *_ = data.split("train")
    (round,) = RoundLoader(data.pools(), lambda round: [Stream("real")], 20, 1, 0, data.spec.levels)
    order = [(points == image).flatten(1).all(1).nonzero().item() for image in round.real.images]
    assert sorted(order) == list(range(20))
    assert torch.equal(round.real.labels, labels[order])
    assert torch.equal(data.initial(), points)
    assert torch.equal(data.evaluation_images("test").images, data.split("test").images)


def test_points_are_a_function_of_their_own_seed():
    sizes = {"n_train": 50, "n_validation": 50, "n_test": 50}
    one = Ring(**sizes)
    assert torch.equal(Ring(**sizes, seed=5).split("test").images, one.split("test").images)
    assert Ring(**sizes, seed=5).fingerprint() == one.fingerprint()
    assert Ring(**sizes, points_seed=1).fingerprint() != one.fingerprint()
    train, validation, test = (one.split(split).images for split in ("train", "validation", "test"))
    assert not any(torch.equal(a, b) for a, b in ((train, validation), (validation, test), (train, test)))


def test_a_wide_mode_still_lies_within_the_range():
    assert Ring(std=1.5, radius=0.5).split("train").images.abs().max() <= 1


@pytest.mark.parametrize(
    ("mixture", "key", "value"),
    [
        (Ring, "modes", 1),
        (Ring, "radius", 0),
        (Ring, "std", -0.1),
        (Ring, "n_train", 0),
        (Ring, "n_test", -1),
        (Grid, "side", 1.5),
        (Grid, "spacing", "wide"),
        (Grid, "n_validation", -1),
        (Grid, "batch_size", 0),
    ],
)
def test_settings_are_checked(mixture, key, value):
    with pytest.raises(GenzooError, match=rf"^data\.{key}={value}: "):
        mixture(**{key: value})


def test_a_setting_that_it_does_not_have_is_refused():
    with pytest.raises(GenzooError, match=r"data.raduis: data=ring has no such setting"):
        Ring(raduis=1.0)


def test_modes_lie_where_they_are_placed_in_a_square_that_does_not_depend_on_them():
    data = Modes(centres=[[0.5, -0.25]], std=0.03, n_train=2000)
    assert data.extent == pytest.approx(1.3)
    points = data.split("train").images.flatten(1) * data.extent
    assert points.mean(0).tolist() == pytest.approx([0.5, -0.25], abs=0.005)
    assert Modes(centres=[[1, 1], [-1, 0], [0, 0]]).extent == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("centres", "line"),
    [
        ([], r"^data\.centres=\[\]: at least one centre is needed, such as \[\[0\.5, 0\.0\]\]\.$"),
        ([[0, 2]], r"^data\.centres: \[0, 2\]: two numbers from -1 to 1 are needed\.$"),
        ([[0]], r"^data\.centres: \[0\]: two numbers"),
        ([["a", 0]], r"^data\.centres: \['a', 0\]: two numbers"),
        ([0.5, 0.5], r"^data\.centres: 0\.5: two numbers"),
    ],
)
def test_centres_that_are_no_pairs_of_the_square_are_one_line(centres, line):
    with pytest.raises(GenzooError, match=line):
        Modes(centres=centres)
