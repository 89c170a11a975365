import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.nn.penalties import R1, GradientPenalty, gradient_norms


def batch(seed, n=5):
    return torch.randn(n, 2, 3, 3, generator=torch.Generator().manual_seed(seed))


def quadratic(x):
    """D(x) = ‖x‖² / 2, whose gradient is x."""
    return x.flatten(1).square().sum(1) / 2


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layers = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(4, 1))

    def forward(self, x):
        return self.layers(x).squeeze(1)


def test_norms_are_over_all_dimensions_of_each_image():
    x = batch(0)
    torch.testing.assert_close(gradient_norms(quadratic, x), x.flatten(1).norm(dim=1))


def test_norms_agree_with_finite_differences():
    critic, x, step = Critic().double(), batch(0).double(), 1e-6
    with torch.no_grad():
        slopes = []
        for i in range(x[0].numel()):
            nudge = torch.zeros_like(x).flatten(1)
            nudge[:, i] = step
            nudge = nudge.view_as(x)
            slopes.append((critic(x + nudge) - critic(x - nudge)) / (2 * step))
    by_hand = torch.stack(slopes, 1).norm(dim=1)
    torch.testing.assert_close(gradient_norms(critic, x), by_hand, atol=1e-6, rtol=1e-6)


def test_the_gradient_penalty_is_taken_between_the_pairs(monkeypatch):
    real, fake = batch(0), batch(1)
    draws = torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0])
    monkeypatch.setattr(torch, "rand", lambda *shape, **_: draws.view(shape))
    points = torch.stack([(1 - t) * x + t * y for t, x, y in zip(draws, real, fake, strict=True)])
    expected = 3 * ((points.flatten(1).norm(dim=1) - 1) ** 2).mean()
    torch.testing.assert_close(GradientPenalty(weight=3.0)(quadratic, real, fake), expected)


def test_one_draw_serves_a_whole_image_and_images_get_different_ones():
    seen = []

    def critic(x):
        seen.append(x.detach())
        return quadratic(x)

    zeros, ones = torch.zeros(64, 2, 3, 3), torch.ones(64, 2, 3, 3)
    GradientPenalty()(critic, zeros, ones)
    t = seen[0].flatten(1)
    assert (t == t[:, :1]).all()
    assert len(t[:, 0].unique()) > 60
    assert 0 <= t.min() < 0.1 < 0.9 < t.max() <= 1


def test_r1_is_taken_at_real_images():
    real = batch(0)
    expected = 3 / 2 * real.flatten(1).square().sum(1).mean()
    torch.testing.assert_close(R1(weight=3.0)(quadratic, real, torch.full_like(real, 9)), expected)


@pytest.mark.parametrize("penalty", [GradientPenalty(), R1()])
def test_it_reaches_the_critics_weights_and_neither_images(penalty):
    critic = Critic()
    real, fake = batch(0).requires_grad_(), batch(1).requires_grad_()
    penalty(critic, real, fake).backward()
    first, last = critic.layers[0], critic.layers[3]
    assert all(p.grad.abs().sum() > 0 for p in (first.weight, first.bias, last.weight))
    assert real.grad is None
    assert fake.grad is None


def test_the_penalty_of_a_linear_critic_pulls_its_slope_to_one():
    weight = torch.full((18,), 0.1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], 0.02)
    for _ in range(100):
        optimizer.zero_grad()
        GradientPenalty()(lambda x: x.flatten(1) @ weight, batch(0), batch(1)).backward()
        optimizer.step()
    assert weight.norm().item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("penalty", [GradientPenalty, R1])
@pytest.mark.parametrize("weight", [0, -1.0])
def test_a_weight_that_is_not_positive_is_refused(penalty, weight):
    with pytest.raises(GenzooError, match=rf"model.penalties: weight={weight}: a positive number is needed"):
        penalty(weight=weight)


@pytest.mark.parametrize("penalty", [GradientPenalty(), R1()])
def test_it_is_float32_inside_autocast(penalty):
    torch.manual_seed(0)
    expected = penalty(Critic(), batch(0), batch(0).bfloat16().float())
    torch.manual_seed(0)
    with torch.autocast("cpu", torch.bfloat16):
        inside = penalty(Critic(), batch(0), batch(0).bfloat16())  # as a generator makes them there
    assert inside.dtype == torch.float32
    torch.testing.assert_close(inside, expected, rtol=1e-5, atol=0)
