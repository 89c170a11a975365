"""Simulated showers: conservation of energy, the profile by numerical integration, the seed, refusals."""

import math

import pytest
import torch
from scipy.integrate import quad

from genzoo.core.batches import Showers as Kind
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.data.calorimeter import LAYERS
from genzoo.data.shower_simulator import PARTICLES, in_layers, simulate
from genzoo.data.showers import Showers

ENERGIES = 1 + 99 * torch.rand(2000, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("particle", PARTICLES)
def test_energy_is_conserved_and_cells_are_above_the_threshold(particle):
    cells, leakage = simulate(PARTICLES[particle], ENERGIES, generator(0, "showers"))
    assert cells.shape == (2000, 504)
    torch.testing.assert_close(cells.sum(1) + leakage, ENERGIES)
    assert leakage.min() >= 0
    assert ((cells == 0) | (cells >= 1e-4)).all()
    assert (leakage > 0.5 * ENERGIES).any() == (particle == "pion")  # those that start late


def profile(t, energy, c, b=0.5):
    """dE/dt at a depth of t radiation lengths."""
    a = 1 + b * (math.log(energy / 0.0074) + c)
    return energy * b * (b * t) ** (a - 1) * math.exp(-b * t) / math.gamma(a)


@pytest.mark.parametrize(("particle", "c"), [("electron", -0.5), ("photon", 0.5)])
def test_layers_get_the_integral_of_the_profile(particle, c, monkeypatch):
    monkeypatch.setattr("genzoo.data.shower_simulator.JITTER", 0)
    energies = torch.tensor([1.0, 30.0, 100.0], dtype=torch.float64)
    found = in_layers(PARTICLES[particle], energies, generator(0, "showers"))
    for energy, layers in zip(energies.tolist(), found.tolist(), strict=True):
        for deposited, (top, bottom) in zip(layers, [(0, 6.5), (6.5, 22), (22, 25)], strict=True):
            assert deposited == pytest.approx(quad(profile, top, bottom, (energy, c))[0], rel=1e-6)


def test_pions_start_at_exponential_depths():
    """No energy is deposited if the depth is beyond the calorimeter."""
    found = in_layers(PARTICLES["pion"], torch.full((20_000,), 50.0).double(), generator(0, "showers"))
    assert (found.sum(1) == 0).float().mean().item() == pytest.approx(math.exp(-25 / 10), abs=0.008)
    assert (found[:, 0] == 0).float().mean().item() == pytest.approx(math.exp(-6.5 / 10), abs=0.014)


def test_cells_get_what_their_layer_has_but_for_the_spots_outside():
    """The spots outside are those of the halo further than half the span in η or φ."""
    energies = torch.full((4000,), 80.0)
    cells, _ = simulate(PARTICLES["electron"], energies, generator(0, "showers"))
    expected = in_layers(PARTICLES["electron"], energies.double(), generator(1, "showers")).mean(0)
    found = torch.stack([layer.sum((1, 2)).mean() for layer in LAYERS.split(cells).values()])
    angle = torch.rand(200_000, generator=torch.Generator().manual_seed(2)) * 2 * math.pi
    reach = 240 / torch.maximum(angle.cos().abs(), angle.sin().abs())  # distance to the edge
    outside = (0.7 * (-reach / 10).exp() + 0.3 * (-reach / 40).exp()).mean().item()
    torch.testing.assert_close(found.double(), expected * (1 - outside), rtol=0.01, atol=0)


def test_showers_are_symmetric_around_the_axis():
    """An axis that is off by half a cell, or rows that are columns, would show."""
    cells, _ = simulate(PARTICLES["photon"], torch.full((4000,), 80.0), generator(0, "showers"))
    for layer in LAYERS.split(cells).values():
        mean = layer.mean(0)
        for axis in (0, 1):
            torch.testing.assert_close(mean, mean.flip(axis), rtol=0.05, atol=0.05 * mean.max().item())
    square = LAYERS.split(cells)["layer_1"].mean(0)
    torch.testing.assert_close(square, square.T, rtol=0.05, atol=0.05 * square.max().item())


def test_distances_in_a_layer_are_a_mixture_of_two_exponentials():
    """In φ, the strips of 5 mm of the first layer: share of the energy within 20 mm of the axis."""
    cells, _ = simulate(PARTICLES["photon"], torch.full((4000,), 80.0), generator(0, "showers"))
    strips = LAYERS.split(cells)["layer_0"].sum((0, 1))
    angle = torch.rand(400_000, generator=torch.Generator().manual_seed(2)) * 2 * math.pi
    reach = 20 / angle.sin().abs()
    within = 1 - (0.7 * (-reach / 10).exp() + 0.3 * (-reach / 40).exp()).mean().item()
    assert (strips[44:52].sum() / strips.sum()).item() == pytest.approx(within, abs=0.005)


def test_the_seed_and_the_particle_decide_and_the_splits_differ():
    def sets(**options):
        return Showers(n_train=30, n_validation=30, n_test=30, **options)

    a, b, c = sets(), sets(), sets(showers_seed=1)
    for split in ("train", "validation", "test"):
        assert torch.equal(a.split(split).images, b.split(split).images)
        assert not torch.equal(a.split(split).images, c.split(split).images)
    assert not torch.equal(a.split("train").images, a.split("test").images)
    assert not torch.equal(a.split("train").images, sets(particle="photon").split("train").images)


def test_energies_are_uniform_between_the_bounds():
    data = Showers(energies=[20, 40], n_train=4000, n_validation=0, n_test=0)
    found = data.split("train")
    energies = found.given["energy"]
    assert 20 <= energies.min() < 20.1 < 39.9 < energies.max() <= 40
    assert energies.mean().item() == pytest.approx(30, abs=0.5)
    torch.testing.assert_close(found.images.sum(1, keepdim=True) + found.factors, energies)


def test_it_says_what_it_is():
    spec = Showers(n_train=1).spec
    assert (spec.shape, spec.axes, spec.levels, spec.scaled) == ((504,), "", None, None)
    assert spec.kinds == {Kind}
    assert spec.parts.shapes == {"layer_0": (3, 96), "layer_1": (12, 12), "layer_2": (12, 6)}


@pytest.mark.parametrize("energies", [[0, 10], [-1, 10], [10, 10], [20, 10], [5], [1, 2, 3]])
def test_energies_out_of_range_are_one_line(energies):
    with pytest.raises(GenzooError, match=r"^data\.energies=\[.*\]: two positive energies in GeV are needed"):
        Showers(energies=energies)


def test_unknown_particles_and_settings_are_one_line():
    with pytest.raises(GenzooError, match=r"^data\.particle=poin: unknown\. Did you mean 'pion' or 'photon'\?$"):
        Showers("poin")
    with pytest.raises(GenzooError, match=r"^data\.n_train=0: "):
        Showers(n_train=0)
    with pytest.raises(GenzooError, match=r"^data\.levels=256: "):
        Showers(levels=256)
