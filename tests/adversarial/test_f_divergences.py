"""The f-GAN objective, against f itself, closed forms and the GAN's own objectives."""

import math

import pytest
import torch

from genzoo.adversarial.f_divergences import DIVERGENCES, FDivergence, alpha_divergence
from genzoo.core.errors import GenzooError
from genzoo.nn.objectives import Minimax, NonSaturating


def alpha_f(a):
    return lambda u: (u**a - 1 - a * (u - 1)) / (a * (a - 1))


# name -> f, table 6 of the paper.
F = {
    "total_variation": lambda u: (u - 1).abs() / 2,
    "kl": lambda u: u * u.log(),
    "reverse_kl": lambda u: -u.log(),
    "pearson": lambda u: (u - 1) ** 2,
    "neyman": lambda u: (1 - u) ** 2 / u,
    "squared_hellinger": lambda u: (u.sqrt() - 1) ** 2,
    "jeffreys": lambda u: (u - 1) * u.log(),
    "jensen_shannon": lambda u: u * u.log() - (u + 1) * ((u + 1) / 2).log(),
    "gan": lambda u: u * u.log() - (u + 1) * (u + 1).log(),
    **{f"alpha {a}": alpha_f(a) for a in (-1.0, 0.5, 1.5, 3.0)},
}
SMOOTH = [name for name in F if name != "total_variation"]
RATIOS = torch.tensor([0.05, 0.3, 0.9, 1.0, 1.1, 3.0, 20.0], dtype=torch.double)


def objective(name, **options):
    name, _, alpha = name.partition(" ")
    return FDivergence(name, alpha=float(alpha) if alpha else None, **options)


def of(name):
    return objective(name).divergence


def best_output(name, ratios):
    """The v with g_f(v) = f'(u), by bisection."""
    u = ratios.clone().requires_grad_()
    (slope,) = torch.autograd.grad(F[name](u).sum(), u)
    low, high = torch.full_like(ratios, -400.0), torch.full_like(ratios, 400.0)
    if name == "pearson" or name.startswith("alpha 3") or name.startswith("alpha 1.5") or name in ("kl", "jeffreys"):
        return slope  # the activation is the identity
    for _ in range(200):
        middle = (low + high) / 2
        above = of(name).activation(middle) > slope
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    return (low + high) / 2


def test_every_divergence_has_a_test():
    assert {name for name in F if not name.startswith("alpha")} == DIVERGENCES.keys()


@pytest.mark.parametrize("name", SMOOTH)
def test_the_conjugate_is_that_of_f(name):
    v = best_output(name, RATIOS)
    t, conjugate = of(name).activation(v), of(name).conjugate(v)
    torch.testing.assert_close(conjugate, RATIOS * t - F[name](RATIOS), rtol=1e-6, atol=1e-7)  # equality at t = f'(u)


@pytest.mark.parametrize("name", F)
def test_no_output_gives_more_than_the_divergence(name):
    v = torch.linspace(-6, 3, 200, dtype=torch.double)
    bound = RATIOS[:, None] * of(name).activation(v) - of(name).conjugate(v)
    assert (bound <= F[name](RATIOS)[:, None] + 1e-9).all()


@pytest.mark.parametrize("name", F)
def test_gradients_are_those_of_finite_differences(name):
    v = torch.linspace(-2, 2, 7, dtype=torch.double, requires_grad=True)
    for function in of(name):
        assert torch.autograd.gradcheck(function, v)


def gaussian_grid(mean, std):
    x = torch.linspace(-14, 15, 60_001, dtype=torch.double)
    return torch.distributions.Normal(torch.tensor(mean, dtype=torch.double), std).log_prob(x).exp() * (x[1] - x[0])


# Of N(0, 1) and N(1, 1).
CLOSED = {
    **{"kl": 0.5, "reverse_kl": 0.5, "jeffreys": 1.0, "pearson": math.e - 1, "neyman": math.e - 1},
    **{"squared_hellinger": 2 * (1 - math.exp(-1 / 8)), "alpha 3.0": (math.e**3 - 1) / 6},
}


@pytest.mark.parametrize("name", CLOSED)
def test_the_bound_at_the_best_output_is_the_divergence_of_two_gaussians(name):
    p, q = gaussian_grid(0.0, 1.0), gaussian_grid(1.0, 1.0)
    x = torch.linspace(-14, 15, 60_001, dtype=torch.double)
    ratio = (0.5 - x).exp()
    u = ratio.clone().requires_grad_()
    (t,) = torch.autograd.grad(F[name](u).sum(), u)
    conjugate = ratio * t - F[name](ratio)
    inside = (x - 0.5).abs() < 8  # beyond it nothing is left of both
    v = best_output(name, ratio[inside])
    torch.testing.assert_close(of(name).conjugate(v), conjugate[inside], rtol=1e-5, atol=1e-6)
    bound = (p[inside] * of(name).activation(v) - q[inside] * of(name).conjugate(v)).sum()
    assert bound.item() == pytest.approx(CLOSED[name], rel=1e-4)


@pytest.mark.parametrize(("alternative", "own"), [(False, Minimax), (True, NonSaturating)])
def test_the_gans_divergence_is_its_own_objective(alternative, own):
    real, fake = torch.tensor([0.3, -2.0, 5.0]), torch.tensor([-1.0, 4.0])
    one, other = FDivergence("gan", alternative), own()
    torch.testing.assert_close(one.discriminator(real, fake), other.discriminator(real, fake))
    torch.testing.assert_close(one.generator(fake), other.generator(fake))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"divergence": "revers_kl"}, r"divergence=revers_kl: unknown\. Did you mean 'reverse_kl'"),
        ({"divergence": "alpha"}, "alpha=None: it is the order"),
        ({"divergence": "kl", "alpha": 2.0}, "alpha=2.0: it is the order"),
    ],
)
def test_an_unknown_divergence_is_one_line(given, message):
    with pytest.raises(GenzooError, match=message):
        FDivergence(**given)


@pytest.mark.parametrize(("alpha", "name"), [(0, "reverse_kl"), (1, "kl")])
def test_the_limits_of_alpha_are_named(alpha, name):
    with pytest.raises(GenzooError, match=f"give divergence={name} instead"):
        alpha_divergence(alpha)
