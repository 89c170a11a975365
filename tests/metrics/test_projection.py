from functools import partial

import numpy as np
import pytest
import torch
from torch.optim import Adam

from genzoo.core.distances import Pixels
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels, to_levels
from genzoo.core.latent_search import LatentSearch
from genzoo.metrics.completion_search import SearchedCompletions, near_missing
from genzoo.metrics.evaluation import Evaluation, capable
from genzoo.metrics.projection import Projections, psnr
from genzoo.runs.build import build_metrics
from support import composed
from support.decoders import Affine
from support.likelihoods import SIZE, Images
from support.likelihoods import Pixels as Unsearchable

SEARCH = LatentSearch(Pixels(2), partial(Adam, lr=0.05), steps=300)
PITCH = (SIZE + 2) * (64 // SIZE)


def shown(sheet, rows, columns):
    """The images of a sheet, levels (rows, columns, SIZE, SIZE)."""
    zoom = 64 // SIZE
    pixels = np.array(sheet)[-(rows * PITCH + 2 * zoom) :, -(columns * PITCH + 2 * zoom) :][::zoom, ::zoom]
    cells = pixels[2:, 2:].reshape(rows, SIZE + 2, columns, SIZE + 2)
    return torch.tensor(cells[:, :SIZE, :, :SIZE].transpose(0, 2, 1, 3))


def projected(module, images):
    """The model's nearest images, in closed form."""
    return module.decode(module.solve(images))


def test_distance_and_psnr_are_those_of_the_nearest_images():
    module, data = Affine(), Images(12, values=256)
    found = Projections(SEARCH, images=None, batch_size=5)(module, data, "test")
    images = from_levels(data.split("test").images, 256)
    squares = (projected(module, images) - images).square().flatten(1)
    assert found.values["projection_distance"] == pytest.approx(squares.sum(1).mean().item(), abs=1e-3)
    expected = np.mean([10 * np.log10(4 / error) for error in squares.mean(1).tolist()])
    assert found.values["projection_psnr"] == pytest.approx(expected, abs=1e-2)
    assert (found.protocol["images"], found.protocol["steps"]) == (12, 300)


def test_the_picture_has_images_projections_and_differences_in_rows():
    module, data = Affine(), Images(12, values=256)
    found = Projections(SEARCH, images=6, columns=3)(module, data, "test")
    assert list(found.values) == ["projection_distance_n6", "projection_psnr_n6"]
    rows = shown(found.pictures["projection"], 3, 3)
    levels = data.split("test").images[::4]
    nearest = to_levels(projected(module, from_levels(levels, 256)))
    assert torch.equal(rows[0], levels[:, 0])
    assert (rows[1].int() - nearest[:, 0].int()).abs().max() <= 1
    difference = (from_levels(levels, 256) - projected(module, from_levels(levels, 256))).abs() - 1
    assert (rows[2].int() - to_levels(difference)[:, 0].int()).abs().max() <= 1


def test_equal_images_have_a_finite_ratio():
    assert psnr(torch.zeros(2, 1, 2, 2), torch.zeros(2, 1, 2, 2)).tolist() == pytest.approx([106.02] * 2, abs=0.01)


def test_empty_splits_are_not_measured_and_incapable_models_are_skipped():
    assert Projections(SEARCH)(Affine(), Images(validation=0), "validation") == Evaluation()
    assert not capable({"projection": Projections(SEARCH)}, Unsearchable())
    assert capable({"projection": Projections(SEARCH)}, Affine())


@pytest.mark.parametrize("key", ["images", "batch_size", "columns"])
def test_settings_are_checked(key):
    with pytest.raises(GenzooError, match=f"^metrics.projection.{key}=0: a positive integer is needed.$"):
        Projections(SEARCH, **{key: 0})


# Completions.


def test_missing_pixels_are_those_of_the_image_that_is_nearest_on_the_given_ones():
    module, data = Affine(), Images(4, values=256)
    wide = LatentSearch(Pixels(2), partial(Adam, lr=0.05), steps=600)
    found = SearchedCompletions(wide, images=4, completions=2)(module, data, "test")
    rows = shown(found.pictures["completion_search"], 4, 4)
    levels = data.split("test").images[:, 0]
    given = from_levels(levels, 256).flatten(1)
    targets = (given - module.b.detach())[:, :3].T  # the first of three rows is given
    codes = torch.linalg.lstsq(module.w.detach()[:3], targets).solution.T
    expected = to_levels(module.decode(codes))[:, 0]
    for drawn in (rows[:, 2], rows[:, 3]):
        assert torch.equal(drawn[:, :1], levels[:, :1])
        assert (drawn[:, 1:].int() - expected[:, 1:].int()).abs().max() <= 2


@pytest.mark.parametrize("key", ["images", "completions"])
def test_settings_of_completions_are_checked(key):
    with pytest.raises(GenzooError, match=f"^metrics.completion_search.{key}=0: a positive integer is needed.$"):
        SearchedCompletions(SEARCH, **{key: 0})


def test_their_configurations_are_complete():
    metrics = build_metrics(composed("ckpt=x", "metrics=[projection,completion_search]", name="evaluate"))
    assert list(metrics) == ["projection", "completion_search"]
    assert (metrics["projection"].search.restarts, metrics["projection"].search.distance.power) == (3, 2)
    assert capable(metrics, Affine()) == metrics


def test_weights_of_pixels_are_the_shares_of_missing_ones_around_them():
    mask = torch.rand(2, 1, 9, 8, generator=torch.Generator().manual_seed(0)) < 0.6
    found = near_missing(mask, 7)
    for image, row, column in ((0, 0, 0), (0, 4, 4), (1, 8, 2), (1, 3, 7)):
        window = ~mask[image, 0, max(0, row - 3) : row + 4, max(0, column - 3) : column + 4]
        expected = window.float().mean() * mask[image, 0, row, column]
        torch.testing.assert_close(found[image, 0, row, column], expected)


def test_with_a_window_missing_pixels_do_not_count_either():
    module, data = Affine(), Images(4, values=256)
    found = SearchedCompletions(SEARCH, images=4, completions=1, window=3)(module, data, "test")
    data.split("test").images[:, :, 1:] = 0  # missing ones
    again = SearchedCompletions(SEARCH, images=4, completions=1, window=3)(module, data, "test")
    rows, same = (shown(x.pictures["completion_search"], 4, 3)[:, 2] for x in (found, again))
    assert torch.equal(rows, same)


@pytest.mark.parametrize("window", [0, 2, 2.5])
def test_windows_are_odd(window):
    with pytest.raises(GenzooError, match=rf"^metrics\.completion_search\.window={window}: a positive odd integer"):
        SearchedCompletions(SEARCH, window=window)
