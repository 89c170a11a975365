import math

import pytest
import torch
from torch.distributions import Bernoulli, kl_divergence
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.nn.objectives import (
    BoundarySeeking,
    Hinge,
    LeastSquares,
    Minimax,
    NonSaturating,
    SmoothedLabels,
    Wasserstein,
)

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


@BOTH
@pytest.mark.parametrize("label", [0.9, 0.3])
def test_smoothed_labels_are_cross_entropy_to_them_for_real_images_only(objective, label):
    real, fake = logits(0.5, -1.0, 2.0), logits(1.5, -0.3)
    loss = objective(real=label).discriminator(real, fake)
    cross_entropy = F.binary_cross_entropy_with_logits
    wanted = cross_entropy(real, torch.full_like(real, label)) + cross_entropy(fake, torch.zeros_like(fake))
    torch.testing.assert_close(loss, wanted)
    for a, b in zip(*(torch.autograd.grad(value, (real, fake)) for value in (loss, wanted)), strict=True):
        torch.testing.assert_close(a, b)
    assert torch.equal(objective(real=label).generator(fake), objective().generator(fake))


@BOTH
@pytest.mark.parametrize("label", [1.0, 0.9])
@pytest.mark.parametrize(("data", "model"), [(1, 1), (3, 1), (1, 3)])
def test_the_best_discriminator_is_the_smoothed_ratio_of_densities(objective, label, data, model):
    # At one image x with densities data : model, D(x) = α data / (data + model), where the loss is flat and convex.
    best = label * data / (data + model)

    def slope(d):
        logit = logits(math.log(d / (1 - d)))
        of_real = objective(real=label).discriminator(logit, logits(0))
        of_fake = objective(real=label).discriminator(logits(0), logit)
        loss = data * of_real + model * of_fake
        return torch.autograd.grad(loss, logit)[0].item()

    assert slope(best) == pytest.approx(0, abs=1e-12)
    assert slope(best - 0.01) < 0 < slope(best + 0.01)


@BOTH
@pytest.mark.parametrize("label", [0, -0.1, 1.1])
def test_labels_that_are_no_probability_are_refused(objective, label):
    with pytest.raises(GenzooError, match=rf"model.objective.real={label}: a label above 0"):
        objective(real=label)


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
    assert objective(real=0.9).discriminator(extreme, extreme).isfinite()
    assert objective().generator(extreme).isfinite()


REAL, FAKE = logits(0.5, -1.0, 2.0), logits(1.5, -0.3)


def test_zero_one_least_squares_by_hand():
    loss = LeastSquares().discriminator(REAL, FAKE)
    assert loss.item() == pytest.approx(((0.5 - 1) ** 2 + 2**2 + 1) / 3 / 2 + (1.5**2 + 0.3**2) / 2 / 2)
    mse = F.mse_loss
    torch.testing.assert_close(loss, (mse(REAL, torch.ones_like(REAL)) + mse(FAKE, torch.zeros_like(FAKE))) / 2)
    assert LeastSquares().generator(FAKE).item() == pytest.approx((0.5**2 + 1.3**2) / 2 / 2)


def test_least_squares_around_zero_by_hand():
    objective = LeastSquares(fake=-1, real=1, wanted=0)
    loss = objective.discriminator(REAL, FAKE)
    assert loss.item() == pytest.approx(((0.5 - 1) ** 2 + 2**2 + 1) / 3 / 2 + (2.5**2 + 0.7**2) / 2 / 2)
    assert objective.generator(FAKE).item() == pytest.approx((1.5**2 + 0.3**2) / 2 / 2)


def test_wasserstein_by_hand():
    assert Wasserstein().discriminator(REAL, FAKE).item() == pytest.approx(1.2 / 2 - 1.5 / 3)
    assert Wasserstein().generator(FAKE).item() == pytest.approx(-0.6)


def test_hinge_by_hand_and_by_torch():
    loss = Hinge().discriminator(REAL, FAKE)
    assert loss.item() == pytest.approx((0.5 + 2 + 0) / 3 + (2.5 + 0.7) / 2)
    # torch's margin loss: max(0, 1 - y (x1 - x2)) with x2 = 0 and the label y = ±1
    zero, margin = torch.zeros(1, dtype=torch.double), F.margin_ranking_loss
    one = torch.ones(1, dtype=torch.double)
    torch.testing.assert_close(loss, margin(REAL, zero, one, margin=1) + margin(FAKE, zero, -one, margin=1))
    assert Hinge().generator(FAKE).item() == pytest.approx(-0.6)


def test_hinge_leaves_scores_outside_the_margin_alone():
    real, fake = logits(1.5, 0.5), logits(-1.5, -0.5)
    gradients = torch.autograd.grad(Hinge().discriminator(real, fake), (real, fake))
    assert [g.tolist() for g in gradients] == [[0, -0.5], [0, 0.5]]


def divergence(target, values):
    """Of the Bernoulli law of this probability from those of these logits."""
    return kl_divergence(Bernoulli(torch.tensor(target).double()), Bernoulli(logits=values)).mean()


@pytest.mark.parametrize(("alpha", "wanted"), [(0.75, 0.375), (1.0, 1.0)])
def test_smoothed_labels_are_divergences_from_the_targets(alpha, wanted):
    objective = SmoothedLabels(alpha, wanted)
    loss = objective.discriminator(REAL, FAKE)
    torch.testing.assert_close(loss, divergence(alpha, REAL) + divergence(0.0, FAKE))
    torch.testing.assert_close(objective.generator(FAKE), divergence(wanted, FAKE))


def test_labels_that_are_not_smoothed_are_the_non_saturating_game():
    torch.testing.assert_close(SmoothedLabels(1.0).discriminator(REAL, FAKE), NonSaturating().discriminator(REAL, FAKE))
    torch.testing.assert_close(SmoothedLabels(wanted=1.0).generator(FAKE), NonSaturating().generator(FAKE))


def test_at_equilibrium_the_smoothed_discriminator_says_half_its_target():
    # Real and generated images that are the same: the best D for them is α / 2, which the generator also wants.
    said = torch.logit(torch.tensor([0.375], dtype=torch.double)).requires_grad_()
    objective = SmoothedLabels(0.75, wanted=0.375)
    for loss in (objective.discriminator(said, said), objective.generator(said)):
        (gradient,) = torch.autograd.grad(loss, said)
        assert gradient.item() == pytest.approx(0, abs=1e-12)
    assert objective.generator(said).item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("option", ["real", "wanted"])
@pytest.mark.parametrize("value", [0, 1.5])
def test_targets_that_are_no_probabilities_are_refused(option, value):
    with pytest.raises(GenzooError, match=rf"model.objective.{option}={value}: a (label|probability)"):
        SmoothedLabels(**{option: value})


def test_the_boundary_seeking_generator_moves_to_where_the_discriminator_is_in_doubt():
    fake = logits(1.5, 0.0, -0.7)
    loss = BoundarySeeking().generator(fake)
    d = fake.sigmoid()
    torch.testing.assert_close(loss, (d.log() - (1 - d).log()).square().mean() / 2)
    (gradient,) = torch.autograd.grad(loss, fake)
    assert gradient.sign().tolist() == [1, 0, -1]
    torch.testing.assert_close(BoundarySeeking().discriminator(fake, fake), Minimax().discriminator(fake, fake))
