import copy
from unittest.mock import patch

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import nn

from genzoo.core.registry import check_targets
from genzoo.core.sghmc import SGHMC


def walk(optimizer, p, steps, curvature=1.0):
    """Steps on the loss curvature / 2 Σ θ²."""
    for _ in range(steps):
        p.grad = curvature * p.detach()
        optimizer.step()


def stationary_variance(lr, friction, observations, curvature):
    """The exact variance of θ, given the linear recursion of (θ, v)."""
    step = np.array([[1 - lr * curvature, 1 - friction], [-lr * curvature, 1 - friction]])
    noise = 2 * friction * lr / observations * np.ones((2, 2))
    return scipy.linalg.solve_discrete_lyapunov(step, noise)[0, 0]


@pytest.mark.parametrize(
    ("lr", "friction", "observations", "curvature"),
    [(0.05, 0.5, 1, 1.0), (0.01, 0.2, 1, 4.0), (0.05, 0.2, 25, 1.0), (0.3, 1.0, 1, 1.0)],
)
def test_the_variance_on_a_quadratic_loss_is_the_posteriors(lr, friction, observations, curvature):
    p = nn.Parameter(torch.zeros(20_000, dtype=torch.float64))
    walk(SGHMC([p], lr, friction, observations), p, 200, curvature)
    assert p.var().item() == pytest.approx(stationary_variance(lr, friction, observations, curvature), rel=0.05)
    assert p.mean().abs().item() < 0.05
    small = stationary_variance(1e-3 * lr, friction, observations, curvature)
    assert small == pytest.approx(1 / (observations * curvature), rel=0.01)


def test_without_noise_it_is_gradient_descent_with_momentum():
    ours, theirs = (nn.Parameter(torch.linspace(-1, 2, 6).view(2, 3)) for _ in range(2))
    with patch("torch.randn", lambda *args, **options: torch.zeros(*args, **options)):
        walk(SGHMC([ours], lr=0.1, friction=0.3), ours, 7)
    walk(torch.optim.SGD([theirs], lr=0.1, momentum=0.7), theirs, 7)
    assert torch.allclose(ours, theirs, atol=1e-6)
    assert not torch.allclose(ours, torch.linspace(-1, 2, 6).view(2, 3))


def test_the_noise_is_torchs_and_the_state_is_all_there_is():
    def moved(cut):
        torch.manual_seed(0)
        p = nn.Parameter(torch.ones(3))
        optimizer = SGHMC([p], lr=0.1, friction=0.2)
        for step in range(6):
            torch.manual_seed(step)
            if step == cut:
                state, p = copy.deepcopy(optimizer.state_dict()), nn.Parameter(p.detach().clone())
                optimizer = SGHMC([p])
                optimizer.load_state_dict(state)
            walk(optimizer, p, 1)
        return p.detach()

    assert torch.equal(moved(cut=3), moved(cut=None))


def test_each_parameter_has_noise_of_its_own():
    ps = [nn.Parameter(torch.zeros(2, 2)), nn.Parameter(torch.zeros(4)), nn.Parameter(torch.zeros(3))]
    for p in ps[:2]:
        p.grad = torch.zeros_like(p)
    SGHMC(ps, lr=0.1).step()
    assert not torch.equal(ps[0].flatten(), ps[1])
    assert (ps[2] == 0).all()  # it has no gradient


def test_ranks_share_their_noise_of_unit_variance():
    def mean_of_two(values):
        other = torch.randn(len(values), generator=torch.Generator().manual_seed(7))
        return (values + other) / 2

    p = nn.Parameter(torch.zeros(20_000))
    p.grad = torch.zeros_like(p)
    with patch("genzoo.core.sghmc.average_over_ranks", mean_of_two), patch("genzoo.core.sghmc.ranks", lambda: 2):
        SGHMC([p], lr=0.5, friction=1.0).step()  # a standard deviation of 1
    assert p.std().item() == pytest.approx(1, rel=0.03)
    other = torch.randn(20_000, generator=torch.Generator().manual_seed(7))
    assert torch.corrcoef(torch.stack([p.detach(), other]))[0, 1].item() == pytest.approx(0.5**0.5, abs=0.03)


def test_the_loss_is_computed_before_the_step_with_gradients():
    p = nn.Parameter(torch.tensor(3.0))
    optimizer = SGHMC([p], lr=1e-3)

    def closure():
        loss = p**2
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 9
    assert p.item() != 3


@pytest.mark.parametrize("options", [{"lr": -1e-3}, {"friction": 0.0}, {"friction": 1.1}, {"observations": 0}])
def test_bad_options_are_refused(options):
    with pytest.raises(ValueError, match=r"lr of at least 0, friction above 0 and up to 1, and observations"):
        SGHMC([nn.Parameter(torch.zeros(1))], **options)


def test_a_checkpoint_may_name_it():
    check_targets({"_target_": "genzoo.core.sghmc.SGHMC"})
