"""The toy of jets: kinematics of its prongs, laws of emission, conservation, the seed, refusals."""

import math

import pytest
import torch
from scipy.stats import kstest

from genzoo.core.batches import Showers as Kind
from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.data.jet_images import observables
from genzoo.data.jet_simulator import prongs, simulate
from genzoo.data.jets import Jets

QCD, W = (torch.full((4000,), label) for label in (0, 1))


def uniform(values, low, high):
    return kstest(values.numpy(), "uniform", (low, high - low)).pvalue > 1e-3


def test_two_prongs_have_the_mass_of_the_w():
    """Of massless prongs at small distances; z and p_T are uniform."""
    momenta, eta, phi = prongs(W, generator(0, "jets"))
    assert (momenta[:, 2:] == 0).all()
    total, z = momenta.sum(1), momenta[:, 1] / momenta.sum(1)
    assert uniform(total, 250, 300)
    assert uniform(z, 0.1, 0.5)
    torch.testing.assert_close(eta[:, 1], torch.zeros_like(z), atol=1e-12, rtol=0)
    assert (eta[:, 0] == 0).all()
    assert (phi[:, 0] == 0).all()
    mass = (2 * momenta[:, 0] * momenta[:, 1] * (1 - phi[:, 1].cos())).sqrt()
    torch.testing.assert_close(mass, torch.full_like(mass, 80.4), rtol=0.05, atol=0)
    assert (phi[:, 1] < 0).all()


def test_emissions_of_qcd_are_soft_and_collinear():
    momenta, eta, phi = prongs(QCD, generator(0, "jets"))
    assert uniform(momenta.sum(1), 250, 300)
    weights, distances = momenta[:, 1:] / momenta[:, :1], torch.hypot(eta, phi)[:, 1:]
    assert uniform(weights.log().flatten(), math.log(0.005), math.log(0.3))
    assert uniform(distances.log().flatten(), math.log(0.1), math.log(1))
    assert (weights.diff(dim=1) <= 0).all()
    torch.testing.assert_close(eta[:, 1].abs().max(), torch.tensor(0.0).double(), atol=1e-12, rtol=0)
    assert (phi[:, 1] < 0).all()
    assert uniform(torch.atan2(phi[:, 2], eta[:, 2]), -math.pi, math.pi)


@pytest.mark.parametrize("classes", [QCD, W])
def test_pixels_hold_the_prongs_but_for_what_is_outside(classes, monkeypatch):
    monkeypatch.setattr("genzoo.data.jet_simulator.SPREAD", 0.0)  # all particles of a prong are in its pixel
    images = simulate(classes, generator(0, "jets"))
    momenta, eta, phi = prongs(classes[:1000], generator(0, "jets"))
    for i in (0, 1, 2, 999):
        expected = torch.zeros(25, 25, dtype=torch.float64)
        for q, x, y in zip(momenta[i].tolist(), eta[i].tolist(), phi[i].tolist(), strict=True):
            expected[round(12 - 10 * y), round(12 + 10 * x)] += q
        torch.testing.assert_close(images[i].view(25, 25).double(), expected, rtol=1e-5, atol=1e-3)


def test_particles_are_as_far_from_their_prong_as_their_momentum_lets_them(monkeypatch):
    """Without emissions: Σ p_i r_i = Σ k_i, of 1 + Poisson(q / 8 GeV) particles with mean k of 0.05 GeV each."""
    monkeypatch.setattr("genzoo.data.jet_simulator.WEIGHTS", (1e-30, 1e-29))
    monkeypatch.setattr("genzoo.data.jet_simulator.SPREAD", 0.5)
    jets = simulate(QCD, generator(0, "jets"))
    assert ((jets == 0) | (jets >= 1e-3)).all()
    lost = 275 - jets.sum(1).mean().item()
    assert 0 < lost < 8
    centre = jets.view(-1, 25, 25)[:, 12, 12].mean().item() / 275
    p = torch.empty(200_000, dtype=torch.float64).exponential_(generator=torch.Generator().manual_seed(0))
    n = 1 + 275 / 8
    within = 1 - (-0.05 * p * 275 / n / 0.5).exp()  # of a disc as wide as the pixel: less than the pixel
    beyond = 1 - (-0.05 * 2**0.5 * p * 275 / n / 0.5).exp()
    assert (p * within).mean().item() < centre < (p * beyond).mean().item()


def test_classes_differ_in_mass_and_substructure():
    data = Jets(n_train=1, n_validation=0, n_test=2000)
    found = data.split("test")
    assert found.labels.tolist() == [0, 1] * 1000
    values = data.observables(found.images)
    assert values.keys() == observables(found.images).keys()
    (qcd_mass, w_mass), (qcd_tau, w_tau) = (
        [values[name][label::2].median().item() for label in (0, 1)] for name in ("mass", "tau_21")
    )
    assert w_mass == pytest.approx(80.4, abs=8)
    assert qcd_mass < 70
    assert w_tau < 0.3 < 0.5 < qcd_tau


def test_the_seed_decides_and_the_splits_differ():
    def sets(**options):
        return Jets(n_train=30, n_validation=30, n_test=30, **options)

    a, b, c = sets(), sets(), sets(jets_seed=1)
    for split in ("train", "validation", "test"):
        assert torch.equal(a.split(split).images, b.split(split).images)
        assert not torch.equal(a.split(split).images, c.split(split).images)
    assert not torch.equal(a.split("train").images, a.split("test").images)


def test_it_says_what_it_is_and_refuses_other_facts():
    spec = Jets(n_train=1).spec
    assert (spec.shape, spec.axes, spec.levels, spec.scaled, spec.classes) == ((625,), "", None, None, 2)
    assert spec.kinds == {Kind}
    assert spec.parts.shapes == {"jet": (25, 25)}
    with pytest.raises(GenzooError, match=r"^data\.n_train=0: "):
        Jets(n_train=0)
    with pytest.raises(GenzooError, match=r"^data\.classes=3: data=jets has classes=2"):
        Jets(classes=3)
