"""The losses of a GAN, and the networks that it takes."""

from functools import partial

import pytest
import torch
from torch.nn import functional as F

from genzoo.adversarial.networks import goodfellow, infogan
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Decodes, Features, Samples, ScoresRealism
from genzoo.core.errors import GenzooError
from genzoo.nn.matching import MeanAbsolute, MeanSquared
from genzoo.nn.objectives import Minimax, NonSaturating
from support.gans import SHAPE, cross_entropy, fixed_codes, make, real_batch, wasserstein


def test_the_discriminators_loss_is_cross_entropy_over_separate_passes(monkeypatch):
    module, real = make(), real_batch()
    z = fixed_codes(module, monkeypatch)
    expected = cross_entropy(module.discriminator(real.images), 1) + cross_entropy(
        module.discriminator(module.generator(z)), 0
    )
    loss = module.discriminator_loss(real)
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert all(p.grad is None for p in module.generator.parameters())
    assert all(p.grad is not None for p in module.discriminator.parameters())


@pytest.mark.parametrize(("objective", "sign", "target"), [(NonSaturating(), 1, 1), (Minimax(), -1, 0)])
def test_the_generators_loss_is_that_of_its_objective(monkeypatch, objective, sign, target):
    module = make(objective=objective)
    z = fixed_codes(module, monkeypatch)
    expected = sign * cross_entropy(module.discriminator(module.generator(z)), target)
    loss = module.generator_loss(real_batch())
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert all(p.grad.abs().sum() > 0 for p in module.generator.parameters())


def test_training_images_reach_the_networks_that_start_from_them():
    module = make(
        generator=partial(goodfellow.MLPGenerator, shape=SHAPE, hidden=8),
        discriminator=goodfellow.MaxoutDiscriminator(SHAPE, units=4),
    )
    images = real_batch(30).images
    module.initialise(images)
    assert torch.allclose(module.decode(torch.zeros(1, 5))[0], images.mean(0), atol=1e-5)


def test_it_says_what_it_can_do_and_what_it_is_built_for():
    module = make()
    assert module.capabilities() == {Samples, Decodes, Features, ScoresRealism}
    assert module.image_shape == SHAPE


def test_networks_of_different_image_shapes_are_refused():
    with pytest.raises(GenzooError, match=r"generator's images .* \(1, 4, 4\), but the discriminator's \(3, 4, 4\)"):
        make(discriminator=infogan.Discriminator((3, 4, 4), channels=2, hidden=8))


def test_logits_are_float32_under_autocast():
    module = wasserstein()
    with torch.autocast("cpu", torch.bfloat16):
        assert module.discriminate(torch.zeros(2, 1, 16, 16), None).dtype == torch.float32


@pytest.mark.parametrize(("matching", "distance"), [(MeanSquared(), F.mse_loss), (MeanAbsolute(), F.l1_loss)])
def test_the_generator_may_match_the_means_of_features_instead(matching, distance, monkeypatch):
    module, real = make(matching=matching), real_batch()
    discriminator, z = module.discriminator, fixed_codes(module, monkeypatch)
    means = [discriminator.features(x).mean(0) for x in (module.generator(z), real.images)]
    loss = module.generator_loss(real)
    assert loss.item() == pytest.approx(distance(*means).item(), rel=1e-5)
    wanted = torch.autograd.grad(distance(means[0], means[1].detach()), list(module.generator.parameters()))
    loss.backward()
    for p, gradient in zip(module.generator.parameters(), wanted, strict=True):
        torch.testing.assert_close(p.grad, gradient, rtol=1e-4, atol=1e-7)
    expected = cross_entropy(discriminator(real.images), 1) + cross_entropy(discriminator(module.generator(z)), 0)
    torch.testing.assert_close(module.discriminator_loss(real), expected)  # stays as it is
    assert not module.accumulates
    assert make().accumulates


def test_matching_needs_features():
    with pytest.raises(
        GenzooError, match=r"model.matching: this model needs a FeatureNetwork .* MaxoutDiscriminator has no features"
    ):
        make(matching=MeanSquared(), discriminator=goodfellow.MaxoutDiscriminator(SHAPE, units=4))


def test_matched_real_images_are_as_the_discriminator_sees_them():
    class Seen(torch.nn.Module):
        shape = (1, 16, 16)

        def features(self, images):
            return images.flatten(1)

        def forward(self, images):
            return images.flatten(1).mean(1)

    module = wasserstein(discriminator=Seen(), matching=lambda real, fake: real.mean(), dequantise=True)
    real = ImageBatch(torch.full((64, 1, 16, 16), -1.0), torch.full((64,), -1))
    assert module.generator_loss(real).item() == pytest.approx(-1 + 1 / 256, abs=2e-4)  # half a level of 1 / 128
