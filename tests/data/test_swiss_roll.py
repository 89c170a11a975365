"""Points of the swiss roll: the same for a seed, of the stated density."""

import pytest
import torch
import yaml

from genzoo.data.swiss_roll import SwissRoll
from genzoo.runs.conf import CONF


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


def test_the_spiral_of_the_published_rows_has_the_papers_cross_entropies_of_map_and_mse():
    """By quadrature along the points with the same mean coordinate; arXiv 1610.04490, section 5: 3.15 and 9.10 nats."""
    given = yaml.safe_load((CONF / "tables" / "affgan.yaml").read_text())["swiss_roll"]["set"]["data"]
    spiral = SwissRoll(n_train=1, **given).spiral
    offsets = torch.arange(-10, 10, given["std"] / 3, dtype=torch.float64)[:, None] * torch.tensor([1.0, -1.0])
    entropies = []
    for x in spiral.sample(500, torch.Generator().manual_seed(0)).double().mean(1):
        densities = spiral.log_density(x + offsets)
        mean = x + (densities.softmax(0)[:, None] * offsets).sum(0)
        entropies.append([-densities.max(), -spiral.log_density(mean[None])[0]])
    likeliest, means = torch.tensor(entropies).mean(0)
    assert likeliest == pytest.approx(3.15, abs=0.05)
    assert means == pytest.approx(9.10, abs=0.5)  # a standard error of 0.25
