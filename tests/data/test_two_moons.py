"""Points of the two moons: on their half circles, around the origin."""

import pytest
import torch
from sklearn.datasets import make_moons

from genzoo.core.errors import GenzooError
from genzoo.data.two_moons import TwoMoons


def test_the_moons_are_scikit_learns_around_the_origin():
    data = TwoMoons(std=0.0, n_train=500)
    images, labels, *_ = data.split("train")
    points = images.flatten(1) * data.extent
    theirs, moons = make_moons(20_000)
    theirs = torch.tensor(theirs, dtype=torch.float32) - torch.tensor([0.5, 0.25])
    for moon in (0, 1):
        assert torch.cdist(points[labels == moon], theirs[moons == moon]).amin(1).max() < 1e-3
        assert torch.cdist(theirs[moons == moon], points[labels == moon]).amin(1).max() < 0.1  # all of the half circle


def test_noise_has_the_stated_deviation_and_stays_inside():
    data, clean = TwoMoons(std=0.1, n_train=20_000), TwoMoons(std=0.0, n_train=20_000)
    points, smooth = (one.split("train").images.flatten(1) * one.extent for one in (data, clean))
    assert (points - smooth).std(0).tolist() == pytest.approx([0.1, 0.1], rel=0.05)
    assert points.abs().max() < data.extent


@pytest.mark.parametrize("std", [-0.1, float("nan")])
def test_a_negative_deviation_is_one_line(std):
    with pytest.raises(GenzooError, match=rf"^data\.std={std}: a number of at least 0 is needed\.$"):
        TwoMoons(std=std)
