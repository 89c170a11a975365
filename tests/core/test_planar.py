"""Priors in the plane: moments and densities against closed forms and quadrature, labels, settings."""

import math
import pickle

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent
from genzoo.core.planar import Mixture, SwissRoll

PARTS = [Mixture(), Mixture(labels=3, radius=2.0, along=0.3, across=0.7), SwissRoll(), SwissRoll(labels=4, std=0.3)]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def grid(limit, steps):
    """Centres of a fine grid's cells, (steps², 2) in float64, and the area of a cell."""
    axis = (torch.arange(steps, dtype=torch.float64) + 0.5) * (2 * limit / steps) - limit
    return torch.cartesian_prod(axis, axis), (2 * limit / steps) ** 2


def test_a_mixture_has_the_moments_of_its_formula():
    part = Mixture(labels=10, radius=1.4, along=0.5, across=0.1)
    draws = part.sample(200_000, seeded())
    assert draws.mean(0).abs().max() < 0.01
    each = (1.4**2 + 0.5**2 + 0.1**2) / 2  # E |z|² over two dimensions of equal variance
    torch.testing.assert_close(draws.T.cov(), each * torch.eye(2), atol=0.01, rtol=0)


@pytest.mark.parametrize("label", range(4))
def test_a_component_lies_at_its_angle_and_is_long_along_the_radius(label):
    part = Mixture(labels=4, radius=2.0, along=0.5, across=0.1)
    draws = part.sample_labelled(torch.full((50_000,), label), seeded())
    angle = label * math.pi / 2
    axis = torch.tensor([math.cos(angle), math.sin(angle)])
    torch.testing.assert_close(draws.mean(0), 2 * axis, atol=0.01, rtol=0)
    aside = torch.tensor([-axis[1], axis[0]])
    assert (draws @ axis).std().item() == pytest.approx(0.5, abs=0.01)
    assert (draws @ aside).std().item() == pytest.approx(0.1, abs=0.01)


def test_the_segments_of_a_roll_follow_each_other_from_the_centre():
    part = SwissRoll(labels=10, radius=3.0, turns=2.0, std=0.001)
    distances = [part.sample_labelled(torch.full((2000,), label), seeded()).norm(dim=1) for label in range(10)]
    for label, distance in enumerate(distances):  # √u of the segment's ends
        assert distance.min().item() == pytest.approx(3 * math.sqrt(label / 10), abs=0.1)
        assert distance.max().item() == pytest.approx(3 * math.sqrt((label + 1) / 10), abs=0.02)
    radii = part.sample(100_000, seeded()).square().sum(1)
    assert radii.mean().item() == pytest.approx(9 / 2, abs=0.03)  # E r² = radius² E u
    end = part.curve(torch.tensor([1.0]))
    torch.testing.assert_close(end, torch.tensor([[3.0, 0.0]]), atol=1e-5, rtol=0)  # whole turns


@pytest.mark.parametrize("part", PARTS)
def test_densities_integrate_to_one_and_their_entropy_is_that_of_quadrature(part):
    points, area = grid(6.0, 500)
    log_p = torch.cat([part.log_density(block) for block in points.split(20_000)])
    p = log_p.exp()
    assert (p.sum() * area).item() == pytest.approx(1, abs=0.01)
    assert part.entropy == pytest.approx(-(torch.special.xlogy(p, p).sum() * area).item(), abs=0.03)


@pytest.mark.parametrize("part", PARTS)
def test_draws_have_the_density(part):
    points, area = grid(4.0, 320)
    log_p = torch.cat([part.log_density(block) for block in points.split(20_000)])
    right_half = (log_p.exp() * (points[:, 0] > 0) * (points[:, 1] > 0.5)).sum() * area
    draws = part.sample(100_000, seeded())
    assert ((draws[:, 0] > 0) & (draws[:, 1] > 0.5)).float().mean().item() == pytest.approx(right_half.item(), abs=0.01)


@pytest.mark.parametrize("part", PARTS)
def test_unknown_labels_are_drawn_from_all_components(part):
    labels = torch.full((20_000,), -1)
    draws = part.sample_labelled(labels, seeded())
    all_of_them = part.sample(20_000, seeded(1))
    torch.testing.assert_close(draws.T.cov(), all_of_them.T.cov(), atol=0.08, rtol=0.05)
    labels[::2] = 1
    of_one = part.sample_labelled(labels, seeded())[::2]
    torch.testing.assert_close(of_one.mean(0), part.sample_labelled(labels[::2], seeded(1)).mean(0), atol=0.1, rtol=0)


@pytest.mark.parametrize("part", PARTS)
def test_it_is_a_part_of_a_latent_code(part):
    latent = Latent(code=part)
    assert torch.equal(latent.sample(5, seeded()), latent.sample(5, seeded()))
    assert not torch.equal(latent.sample(5, seeded()), latent.sample(5, seeded(1)))
    traversal = latent.traverse(7, seeded())
    assert traversal.codes.shape == (2, 7, 2)
    assert traversal.names == ["code 0", "code 1"]
    assert (traversal.codes[0, :, 1] == 0).all()
    assert pickle.loads(pickle.dumps(part)).entropy == part.entropy


@pytest.mark.parametrize(
    ("kind", "setting"),
    [(Mixture, "labels"), (Mixture, "radius"), (Mixture, "across"), (SwissRoll, "turns"), (SwissRoll, "std")],
)
def test_a_setting_that_is_not_positive_is_one_line(kind, setting):
    with pytest.raises(GenzooError, match=rf"latent: a planar part's {setting} must be positive, got 0"):
        kind(**{setting: 0})
