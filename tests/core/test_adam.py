import copy

import numpy as np
import pytest
import torch
from torch import nn

from genzoo.core.adam import InnerEpsilonAdam
from genzoo.core.registry import check_targets

STARTS = [np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([0.1, -0.2, 0.3])]


def gradients(step, scale):
    generator = np.random.default_rng(step)
    return [scale * generator.standard_normal(start.shape) for start in STARTS]


def adam_by_loops(steps, scale, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    """The parameters after so many steps, one number at a time."""
    values = [start.copy() for start in STARTS]
    for which, value in enumerate(values):
        for i in np.ndindex(value.shape):
            m = v = 0.0
            for t in range(1, steps + 1):
                g = gradients(t, scale)[which][i]
                m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
                value[i] -= lr * (m / (1 - betas[0] ** t)) / np.sqrt(v / (1 - betas[1] ** t) + eps)
    return values


def parameters():
    return [nn.Parameter(torch.tensor(start)) for start in STARTS]


def move(optimizer, steps, scale):
    for t in steps:
        for p, g in zip(optimizer.param_groups[0]["params"], gradients(t, scale), strict=True):
            p.grad = torch.tensor(g)
        optimizer.step()
    return [p.detach().numpy() for p in optimizer.param_groups[0]["params"]]


@pytest.mark.parametrize("scale", [1e-5, 1e-4, 1.0])
@pytest.mark.parametrize("options", [{}, {"lr": 3e-4, "betas": (0.5, 0.99)}, {"eps": 1e-3}])
def test_it_follows_its_formula(scale, options):
    found = move(InnerEpsilonAdam(parameters(), **options), range(1, 8), scale)
    for values, expected in zip(found, adam_by_loops(7, scale, **options), strict=True):
        np.testing.assert_allclose(values, expected, rtol=1e-12)


@pytest.mark.parametrize(("scale", "same"), [(10.0, True), (1e-5, False)])
def test_it_is_torchs_adam_where_gradients_are_large(scale, same):
    ours, theirs = (
        move(kind(parameters(), lr=0.01), range(1, 8), scale) for kind in (InnerEpsilonAdam, torch.optim.Adam)
    )
    assert all(np.allclose(a, b, rtol=1e-7, atol=0) for a, b in zip(ours, theirs, strict=True)) == same


def test_a_rate_may_change_and_parameters_may_wait():
    p, q = nn.Parameter(torch.zeros(())), nn.Parameter(torch.zeros(()))
    optimizer = InnerEpsilonAdam([p, q], lr=1.0, eps=0.0)
    p.grad = torch.tensor(2.0)
    optimizer.step()
    assert (p.item(), q.item()) == (-1, 0)  # a first step is as long as the rate
    optimizer.param_groups[0]["lr"] = 0.5
    p.grad, q.grad = None, torch.tensor(-3.0)
    optimizer.step()
    assert p.item() == -1
    assert q.item() == pytest.approx(0.5)


def test_it_goes_on_from_its_state_dict_to_the_bit(tmp_path):
    one = InnerEpsilonAdam(parameters(), lr=0.01)
    move(one, range(1, 4), 1e-3)
    torch.save((one.state_dict(), one.param_groups[0]["params"]), tmp_path / "state.pt")
    state, values = torch.load(tmp_path / "state.pt", weights_only=True)
    other = InnerEpsilonAdam(copy.deepcopy(values))
    other.load_state_dict(state)
    for a, b in zip(move(one, range(4, 7), 1e-3), move(other, range(4, 7), 1e-3), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_closure_is_asked_before_the_step_with_gradients():
    p = nn.Parameter(torch.tensor(3.0))
    optimizer = InnerEpsilonAdam([p], lr=1.0, eps=0.0)

    def closure():
        loss = p**2
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 9
    assert p.item() == pytest.approx(2)


@pytest.mark.parametrize("options", [{"lr": -1e-3}, {"betas": (1.0, 0.9)}, {"betas": (0.5, -0.1)}, {"eps": -1e-8}])
def test_bad_options_are_refused(options):
    with pytest.raises(ValueError, match=r"lr and eps of at least 0 and betas in \[0, 1\) are needed"):
        InnerEpsilonAdam(parameters(), **options)


def test_a_checkpoint_may_name_it():
    check_targets({"_target_": "genzoo.core.adam.InnerEpsilonAdam"})
