"""Observables of jets made by hand: closed forms of two massless particles, brute force, symmetries."""

import itertools
import math

import pytest
import torch

from genzoo.data.jet_images import ETA, PHI, observables, subjettiness


def jet(*pixels):
    """One jet: (column - 12, 12 - row, GeV), so that η and φ are tenths of the first two."""
    image = torch.zeros(25, 25)
    for eta, phi, momentum in pixels:
        image[12 - phi, 12 + eta] = momentum
    return image.view(1, 625)


def of(*pixels):
    return {name: value.item() for name, value in observables(jet(*pixels)).items()}


def test_rows_go_by_phi_and_columns_by_eta():
    for i, eta, phi in ((0, -1.2, 1.2), (24, 1.2, 1.2), (600, -1.2, -1.2), (312, 0, 0)):
        assert (ETA[i].item(), PHI[i].item()) == pytest.approx((eta, phi))


@pytest.mark.parametrize(
    ("one", "two"), [((0, 0), (0, -8)), ((0, 0), (9, 0)), ((-5, 3), (7, -11)), ((12, 12), (-12, -12))]
)
def test_the_mass_of_two_massless_particles(one, two):
    """m² = 2 p₁ p₂ (cosh Δη - cos Δφ), p_T² = p₁² + p₂² + 2 p₁ p₂ cos Δφ; with two axes nothing is left over."""
    found = of((*one, 100.0), (*two, 150.0))
    eta, phi = (0.1 * (a - b) for a, b in zip(one, two, strict=True))
    assert found["mass"] == pytest.approx(math.sqrt(2 * 100 * 150 * (math.cosh(eta) - math.cos(phi))), rel=1e-5)
    momentum = math.sqrt(100**2 + 150**2 + 2 * 100 * 150 * math.cos(phi))
    assert found["transverse_momentum"] == pytest.approx(momentum, rel=1e-6)
    assert found["tau_21"] == pytest.approx(0, abs=1e-9)
    assert found["sparsity"] == pytest.approx(2 / 625)
    tau, _ = subjettiness(jet((*one, 100.0), (*two, 150.0)))
    assert tau.item() == pytest.approx(math.hypot(eta, phi) * 100 / 250, rel=1e-6)


def test_a_jet_of_one_pixel_or_of_none():
    assert of((3, -4, 275.0)) == pytest.approx(
        {"transverse_momentum": 275, "mass": 0, "tau_21": 0, "sparsity": 1 / 625}, abs=1e-2
    )
    assert of() == {"transverse_momentum": 0, "mass": 0, "tau_21": 0, "sparsity": 0}


def test_three_particles_on_a_line():
    """The axes are the outer two; the middle one is 0.3 from the closer one."""
    found = of((0, 0, 100.0), (3, 0, 10.0), (10, 0, 90.0))
    one = 0.3 * 10 + 1.0 * 90  # around the first
    assert found["tau_21"] == pytest.approx(0.3 * 10 / one)


def test_axes_are_the_best_of_all_pairs_of_pixels_with_momentum():
    torch.manual_seed(0)
    for _ in range(5):
        places = torch.randperm(625)[:8]
        image = torch.zeros(1, 625).index_put((torch.zeros(8, dtype=torch.long), places), 1 + 9 * torch.rand(8))
        spots = [(place % 25, place // 25, image[0, place].item()) for place in places.tolist()]

        def left(axes, spots=spots):
            return sum(m * min(0.1 * math.hypot(x - a, y - b) for a, b, _ in axes) for x, y, m in spots)

        one, two = (min(map(left, itertools.combinations(spots, n))) for n in (1, 2))
        assert observables(image)["tau_21"].item() == pytest.approx(two / one, rel=1e-5)


def test_observables_are_of_each_jet_and_scale_with_the_momentum():
    torch.manual_seed(0)
    jets = torch.rand(600, 625) * (torch.rand(600, 625) < 0.05)
    found = observables(jets)
    for name, power in (("transverse_momentum", 1), ("mass", 1), ("tau_21", 0), ("sparsity", 0)):
        assert found[name].shape == (600,)
        torch.testing.assert_close(observables(3 * jets[550:])[name], 3**power * found[name][550:])
