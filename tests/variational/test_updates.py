"""A step's update: its formula, its volume, its inverse."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.variational.updates import Affine, Gated, Shift

UPDATES = [Gated(), Gated(bias=-1.0), Affine(), Affine(scale=0.5), Shift(), Shift(scale=2.0)]
updates = pytest.mark.parametrize("update", UPDATES, ids=lambda u: f"{type(u).__name__}{vars(u)}")


def inputs(update):
    torch.manual_seed(0)
    return torch.randn(1 + update.outputs, 20, dtype=torch.double)


def test_gated_is_the_papers():
    z, m, s = inputs(Gated())
    sigma = 1 / (1 + torch.exp(-(s + 1.5)))
    moved, log_det = Gated()(z, m, s)
    torch.testing.assert_close(moved, sigma * z + (1 - sigma) * m)
    torch.testing.assert_close(log_det, torch.log(sigma))


def test_affine_is_the_codes():
    z, m, s = inputs(Affine())
    torch.testing.assert_close(Affine()(z, m, s)[0], (z - 0.1 * m) / torch.exp(0.1 * s))


def test_shift_is_affine_with_s_of_0():
    z, m = inputs(Shift())
    for ours, theirs in zip(Shift()(z, m), Affine()(z, m, torch.zeros_like(m)), strict=True):
        torch.testing.assert_close(ours, theirs)


@updates
def test_the_volume_is_autograds(update):
    z, *parameters = inputs(update)
    slope = torch.autograd.functional.jacobian(lambda z: update(z, *parameters)[0], z)
    torch.testing.assert_close(torch.diag(update(z, *parameters)[1].exp()), slope)


@updates
def test_the_inverse_undoes_it(update):
    z, *parameters = inputs(update)
    torch.testing.assert_close(update.inverse(update(z, *parameters)[0], *parameters), z)


def test_a_closed_gate_has_a_finite_volume():
    s = torch.tensor([-300.0], requires_grad=True)
    moved, log_det = Gated(bias=0.0)(torch.ones(1), torch.zeros(1), s)
    assert (moved.item(), log_det.item()) == (0.0, -300.0)
    log_det.backward()
    assert s.grad == 1


@pytest.mark.parametrize("kind", [Affine, Shift])
@pytest.mark.parametrize("scale", [0, -0.1, float("nan")])
def test_a_scale_that_is_not_positive_is_refused(kind, scale):
    with pytest.raises(GenzooError, match=r"^update.scale=\S+: expected a positive number[^\n]*$"):
        kind(scale)
