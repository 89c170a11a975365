"""The softmax objective, and how a GAN plays an objective that looks at real images in both losses."""

import math

import pytest
import torch
from torch.nn import functional as F

from genzoo.adversarial.softmax_gan import SoftmaxObjective
from support.gans import fixed_codes, make, real_batch

REAL = torch.tensor([0.5, -1.0, 2.0], dtype=torch.double)
FAKE = torch.tensor([1.5, -0.3], dtype=torch.double)
OBJECTIVE = SoftmaxObjective()


def test_losses_are_cross_entropies_to_uniform_targets():
    scores = torch.cat([REAL, FAKE])[None]
    over_real = torch.tensor([[1 / 3, 1 / 3, 1 / 3, 0, 0]], dtype=torch.double)
    torch.testing.assert_close(OBJECTIVE.discriminator(REAL, FAKE), F.cross_entropy(scores, over_real))
    over_all = torch.full((1, 5), 1 / 5, dtype=torch.double)
    torch.testing.assert_close(OBJECTIVE.generator(FAKE, REAL), F.cross_entropy(scores, over_all))


def test_minima():
    assert OBJECTIVE.discriminator(torch.zeros(3), torch.full((2,), -1e4)).item() == pytest.approx(math.log(3))
    equal = torch.full((5,), 0.7, requires_grad=True)
    loss = OBJECTIVE.generator(equal[3:], equal[:3])
    assert loss.item() == pytest.approx(math.log(5))
    assert torch.autograd.grad(loss, equal)[0].abs().max() < 1e-6


def test_only_differences_of_scores_count_and_one_pair_is_the_logistic_loss():
    for loss in (OBJECTIVE.discriminator, OBJECTIVE.generator):
        torch.testing.assert_close(loss(REAL + 300, FAKE + 300), loss(REAL, FAKE))
    torch.testing.assert_close(OBJECTIVE.discriminator(REAL[:1], FAKE[:1]), F.softplus(FAKE[0] - REAL[0]))


def test_a_gan_passes_the_real_scores_without_a_gradient(monkeypatch):
    module, real = make(objective=OBJECTIVE), real_batch()
    z = fixed_codes(module, monkeypatch)
    of_fake, of_real = module.discriminator(module.generator(z)), module.discriminator(real.images).detach()
    wanted = torch.autograd.grad(OBJECTIVE.generator(of_fake, of_real), list(module.generator.parameters()))
    loss = module.generator_loss(real)
    torch.testing.assert_close(loss, OBJECTIVE.generator(of_fake, of_real))
    loss.backward()
    for p, gradient in zip(module.generator.parameters(), wanted, strict=True):
        torch.testing.assert_close(p.grad, gradient)
    assert not module.accumulates
