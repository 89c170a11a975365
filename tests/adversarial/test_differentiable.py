"""Differentiable steps are those of torch's optimizers."""

import copy
import itertools

import pytest
import torch

from genzoo.adversarial.differentiable import Unrolled, adam_step, check_differentiable
from genzoo.core.errors import GenzooError

ADAM = {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.2}


def problem():
    """Two parameters, and a loss that is not quadratic in them."""
    torch.manual_seed(0)
    w, b = (torch.nn.Parameter(torch.randn(n, dtype=torch.double)) for n in (3, 2))
    return [w, b], lambda w, b: w.sin().sum() * b.square().sum() + w.square().sum()


@pytest.mark.parametrize("past", [0, 3])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (torch.optim.Adam, ADAM),
        (torch.optim.SGD, {"lr": 0.05}),
        (torch.optim.SGD, {"lr": 0.05, "momentum": 0.7, "weight_decay": 0.1}),
    ],
)
def test_further_steps_are_those_that_the_optimizer_would_take(kind, options, past):
    parameters, loss = problem()
    w, b = parameters
    # Two groups, each with its own rate.
    optimizer = kind([{"params": [b], "lr": 0.02}, {"params": [w]}], **options)

    def advance():
        optimizer.zero_grad()
        loss(w, b).backward()
        optimizer.step()

    for _ in range(past):
        advance()
    before = [p.detach().clone() for p in parameters], copy.deepcopy(optimizer.state_dict())
    ahead = Unrolled(optimizer)
    for _ in range(4):
        gradients = torch.autograd.grad(loss(*reversed(ahead.parameters)), ahead.parameters, create_graph=True)
        ahead.step(list(gradients))
    assert all(torch.equal(p, old) for p, old in zip(parameters, before[0], strict=True))
    states = zip(optimizer.state_dict()["state"].values(), before[1]["state"].values(), strict=True)
    assert all(torch.equal(new[key], old[key]) for new, old in states for key in old if old[key] is not None)
    for _ in range(4):
        advance()
    assert [id(p) for p in ahead.originals] == [id(b), id(w)]
    for found, p in zip(ahead.parameters, ahead.originals, strict=True):
        torch.testing.assert_close(found, p, rtol=0, atol=1e-12)


@pytest.mark.parametrize("past", [0, 2])
def test_adams_step_is_differentiated_by_parameter_gradient_and_moments(past):
    p, gradient, first, second = torch.randn(4, 3, dtype=torch.double).unbind()
    given = [x.requires_grad_() for x in (p.clone(), gradient.clone(), first.clone(), second.square())]

    def step(p, gradient, first, second):
        state = {"step": past, "exp_avg": first, "exp_avg_sq": second} if past else {}
        moved, after = adam_step(p, gradient, state, ADAM)
        return moved, after["exp_avg"], after["exp_avg_sq"]

    assert torch.autograd.gradcheck(step, given)


def test_a_gradient_of_zero_has_a_finite_slope():
    p, gradient = torch.ones(2), torch.tensor([0.0, 1.0], requires_grad=True)
    moved, _ = adam_step(p, gradient, {}, ADAM | {"weight_decay": 0, "eps": 1e-8})
    (slope,) = torch.autograd.grad(moved.sum(), gradient)
    assert moved.tolist() == pytest.approx([1, 0.9])
    assert slope.isfinite().all()


def test_other_optimizers_and_options_are_refused():
    (w, _), _ = problem()
    with pytest.raises(GenzooError, match=r"key: .* not for RMSprop; choose one of these, or model.unrolled_steps=0"):
        check_differentiable(torch.optim.RMSprop([w]), "key")
    options = [{"fused": True}, {"capturable": True}, {"amsgrad": True}, {"maximize": True}]
    for kind, option in itertools.chain(
        ((torch.optim.Adam, option) for option in options),
        [
            (torch.optim.SGD, {"momentum": 0.5, "dampening": 0.5}),
            (torch.optim.SGD, {"momentum": 0.5, "nesterov": True}),
        ],
    ):
        (name, value) = list(option.items())[-1]
        with pytest.raises(GenzooError, match=rf"key\.{name}={value}: .* remove it, or set model.unrolled_steps=0"):
            check_differentiable(kind([w], **option), "key")
