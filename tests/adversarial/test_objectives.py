import math

import pytest
import torch
from torch.nn import functional as F

from genzoo.adversarial.objectives import Minimax, NonSaturating

BOTH = pytest.mark.parametrize("objective", [Minimax, NonSaturating])


def logits(*values):
    return torch.tensor(values, dtype=torch.double, requires_grad=True)


def log_sigmoid(x):
    return -math.log(1 + math.exp(-x))


@BOTH
def test_the_discriminator_minimises_cross_entropy(objective):
    real, fake = logits(0.5, -1.0, 2.0), logits(1.5, -0.3)
    loss = objective().discriminator(real, fake)
    by_hand = -sum(map(log_sigmoid, (0.5, -1.0, 2.0))) / 3 - sum(map(log_sigmoid, (-1.5, 0.3))) / 2
    assert loss.item() == pytest.approx(by_hand)
    cross_entropy = F.binary_cross_entropy_with_logits
    torch.testing.assert_close(
        loss, cross_entropy(real, torch.ones_like(real)) + cross_entropy(fake, torch.zeros_like(fake))
    )


def test_the_generator_minimises_the_discriminators_gain_or_its_own_surprise():
    fake = logits(1.5, -0.3)
    gain = (log_sigmoid(-1.5) + log_sigmoid(0.3)) / 2  # mean of log(1 - D)
    surprise = -(log_sigmoid(1.5) + log_sigmoid(-0.3)) / 2  # mean of -log D
    assert Minimax().generator(fake).item() == pytest.approx(gain)
    assert NonSaturating().generator(fake).item() == pytest.approx(surprise)


@BOTH
def test_gradients_push_real_logits_up_and_fake_ones_down_and_the_generator_pushes_back(objective):
    real, fake = logits(0.5, -4.0), logits(1.5, -4.0)
    real_gradient, fake_gradient = torch.autograd.grad(objective().discriminator(real, fake), (real, fake))
    (generator_gradient,) = torch.autograd.grad(objective().generator(fake), fake)
    assert (real_gradient < 0).all()
    assert (fake_gradient > 0).all()
    assert (generator_gradient < 0).all()


@pytest.mark.parametrize(("objective", "strength"), [(Minimax, 0.0), (NonSaturating, 1.0)])
def test_only_the_minimax_generator_stops_learning_where_the_discriminator_is_sure(objective, strength):
    fake = logits(-30.0)
    (gradient,) = torch.autograd.grad(objective().generator(fake), fake)
    assert abs(gradient.item()) == pytest.approx(strength, abs=1e-9)


@BOTH
def test_losses_stay_finite_at_extreme_logits(objective):
    extreme = torch.tensor([1e4, -1e4])
    assert objective().discriminator(extreme, extreme).isfinite()
    assert objective().generator(extreme).isfinite()
