"""The step of TRPO on problems whose Fisher information is known."""

import pytest
import torch
from torch import nn
from torch.multiprocessing.spawn import spawn

from genzoo.reinforcement.trust_region import TrustRegion, conjugate_gradient
from support.spawned import Regression, step_regression

EXACT = {"damping": 0.01, "cg_steps": 20, "max_kl": 1e-4}


@pytest.fixture
def regression():
    torch.manual_seed(0)
    return Regression(torch.randn(40, 3, dtype=torch.double), torch.randn(40, dtype=torch.double))


def stepped(problem, **options):
    """What a step changes."""
    optimizer, before = problem.optimizer(**options), problem.theta.detach().clone()
    problem.loss().backward()
    optimizer.step()
    return (problem.theta.detach() - before).double()


def natural(problem, damping):
    """The gradient, the damped Fisher information and the natural gradient, by linear algebra."""
    x, residual = problem.x, problem.x @ problem.theta.detach() - problem.y
    gradient = 2 * x.T @ residual / len(x)
    fisher = x.T @ x / len(x) + damping * torch.eye(x.shape[1], dtype=x.dtype)
    return gradient, fisher, -torch.linalg.solve(fisher, gradient)


@pytest.mark.parametrize("damping", [0.0, 0.01, 1.0])
def test_a_step_goes_along_the_natural_gradient_as_far_as_the_bound_allows(regression, damping):
    _, fisher, direction = natural(regression, damping)
    expected = direction * (2 * 1e-4 / (direction @ fisher @ direction)).sqrt()
    found = stepped(regression, **EXACT | {"damping": damping})
    assert torch.allclose(found, expected, rtol=1e-4)


def test_without_damping_the_divergence_is_the_bound(regression):
    stepped(regression, damping=0.0, cg_steps=20, max_kl=1e-3, slack=1.01)
    assert regression.divergence().item() == pytest.approx(1e-3, rel=1e-4)


def test_few_conjugate_gradients_leave_the_step_where_it_is_not_solved(regression):
    exact = stepped(regression, **EXACT)
    regression.reset()
    rough = stepped(regression, **EXACT | {"cg_steps": 1})
    gradient, *_ = natural(regression, 0.01)
    assert torch.cosine_similarity(rough, -gradient, dim=0) > 0.9
    assert torch.cosine_similarity(rough, exact, dim=0) < 0.99


def test_a_step_that_is_too_far_is_shortened_until_the_loss_falls(regression):
    """Of ½ |x - y|² with a bound that lets it go four times too far."""
    regression.x = torch.eye(3, dtype=torch.double)
    regression.y = torch.tensor([1.0, 0.0, 0.0], dtype=torch.double)
    whole = 4.0  # the distance that max_kl allows; the loss falls on the way to 2
    bound = whole**2 / 2 / 3
    found = stepped(regression, damping=0.0, cg_steps=5, max_kl=bound, shrink=0.4)
    assert torch.allclose(found, torch.tensor([0.4 * whole, 0, 0], dtype=torch.double), atol=1e-5)
    regression.reset()
    found = stepped(regression, damping=0.0, cg_steps=5, max_kl=bound, shrink=0.4, accept=0.5)
    assert torch.allclose(found, torch.tensor([0.4**2 * whole, 0, 0], dtype=torch.double), atol=1e-5)


def test_a_step_that_is_never_accepted_is_not_taken(regression):
    assert not stepped(regression, **EXACT | {"accept": 1.0, "searches": 3}).any()


@pytest.mark.parametrize(("slack", "trials"), [(1.0, 2), (2.0, 1), (5.0, 0)])
def test_the_divergence_itself_is_bounded(regression, slack, trials):
    """Where it is four times what its curvature says; halving a step quarters it."""
    true = regression.divergence
    regression.divergence = lambda: 4 * (1 + 1e-6) * true()  # a quarter of it is above the bound
    exact = stepped(regression, **EXACT | {"damping": 0.0, "slack": 10.0})
    regression.reset()
    found = stepped(regression, **EXACT | {"damping": 0.0, "slack": slack})
    assert torch.allclose(found, 0.5**trials * exact, rtol=1e-4)


def test_no_gradient_no_step(regression):
    """And no direction, which would be 0 / 0."""
    regression.curvature = None
    optimizer = regression.optimizer(**EXACT)
    (0 * regression.loss()).backward()
    optimizer.step()
    assert torch.equal(regression.theta.detach(), torch.zeros(3, dtype=torch.double))


def test_a_loss_that_is_not_finite_moves_nothing(regression):
    optimizer = regression.optimizer(**EXACT)
    regression.loss().backward()
    regression.loss = lambda: torch.tensor(float("nan"))
    optimizer.problem = regression.problem()
    optimizer.step()
    assert torch.equal(regression.theta.detach(), torch.zeros(3, dtype=torch.double))


def test_the_curvature_is_of_the_fraction(regression):
    asked = []

    def curvature(fraction):
        asked.append(fraction)
        return Regression.curvature(regression, fraction)

    regression.curvature = curvature
    stepped(regression, fraction=0.25)
    assert asked == [0.25]


def test_a_schedule_may_change_the_bound(regression):
    optimizer = regression.optimizer(**EXACT | {"damping": 0.0, "slack": 1.01})
    regression.loss().backward()
    optimizer.param_groups[0]["max_kl"] = 4e-4
    optimizer.step()
    assert regression.divergence().item() == pytest.approx(4e-4, rel=1e-3)


def test_a_closure_is_called_first(regression):
    optimizer, called = regression.optimizer(**EXACT), []

    def closure():
        called.append(regression.theta.detach().clone())
        regression.loss().backward()

    optimizer.step(closure)
    assert len(called) == 1
    assert regression.theta.detach().any()


@pytest.mark.parametrize(
    "options", [{"max_kl": 0}, {"shrink": 1.5}, {"fraction": 0.0}, {"fraction": 2.0}, {"accept": -0.1}, {"searches": 0}]
)
def test_settings_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=f"Invalid {next(iter(options))}"):
        TrustRegion([nn.Parameter(torch.zeros(1))], **options)


def test_conjugate_gradients_solve():
    torch.manual_seed(0)
    root = torch.randn(6, 6, dtype=torch.double)
    a, b = root @ root.T + torch.eye(6, dtype=torch.double), torch.randn(6, dtype=torch.double)
    products = []

    def product(v):
        products.append(v)
        return a @ v

    assert torch.allclose(conjugate_gradient(product, b, steps=50, tolerance=1e-9), torch.linalg.solve(a, b))
    assert 6 <= len(products) < 10  # it stops where it is done
    assert torch.allclose(conjugate_gradient(lambda v: a @ v, 1e-9 * b, 50), 1e-9 * torch.linalg.solve(a, b), rtol=1e-3)


def test_two_ranks_of_half_the_data_step_as_one_with_all_of_them(regression, tmp_path, forked_ranks):
    torch.save((regression.x, regression.y, EXACT), tmp_path / "given.pt")
    spawn(step_regression, (2, tmp_path), nprocs=2)
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    assert torch.equal(first, second)
    assert torch.allclose(first, stepped(regression, **EXACT), rtol=1e-6)
