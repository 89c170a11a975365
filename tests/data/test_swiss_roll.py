"""Points of the swiss roll: the same for a seed, of the stated density."""

import pytest
import torch

from genzoo.data.swiss_roll import SwissRoll


def test_points_are_the_same_for_a_seed_and_scaled():
    data, again, other = (SwissRoll(n_train=2000, points_seed=seed) for seed in (0, 0, 1))
    points = data.split("train").images
    assert torch.equal(points, again.split("train").images)
    assert not torch.equal(points, other.split("train").images)
    radii = (points * data.extent).flatten(1).norm(dim=1)
    assert 3 < radii.max() < data.extent == 3.5
    assert radii.square().mean().item() == pytest.approx(9 / 2 + 2 * 0.05**2, rel=0.05)  # E u = 1/2


def test_the_density_integrates_to_one():
    data = SwissRoll(n_train=10, std=0.2)
    line = torch.linspace(-5, 5, 201).double()
    points = torch.cartesian_prod(line, line)
    assert abs(data.log_density(points).exp().sum() * 0.05**2 - 1) < 1e-3
