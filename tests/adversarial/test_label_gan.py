"""LabelGAN and AM-GAN: losses by probabilities, their gradients' identities, the targets, settings."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.label_gan import with_generated
from genzoo.adversarial.targets import Dynamic, Predefined
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Classifies
from genzoo.core.errors import GenzooError
from genzoo.nn.objectives import NonSaturating
from genzoo.runs.build import build_data, build_module
from support import SHAPES, resolved


def built(model, *overrides):
    config = resolved(*(f"model={model}", *SHAPES, "data.size=32", "trainer=smoke", "recipe.batch_size=8", *overrides))
    return build_data(config), build_module(config)


class FirstPixels(nn.Module):
    """Stands for a discriminator: an image's first pixels are its logits."""

    shape = (1, 32, 32)

    def __init__(self, classes):
        super().__init__()
        self.classes = classes

    def forward(self, images):
        return images.flatten(1)[:, : self.classes]


def noise(seed):
    return torch.randn(8, 1, 32, 32, generator=torch.Generator().manual_seed(seed)) * 2


def real(seed=0, classes=4):
    return ImageBatch(noise(seed), torch.arange(8) % classes)


def game(model, classes=4):
    """A module with ``FirstPixels``, and the images that it generates."""
    _, module = built(model)
    module.discriminator = FirstPixels(classes)
    fake = noise(1).requires_grad_()
    module.make = lambda real: (torch.zeros(8, module.latent.width), fake)
    module.detached_fakes = lambda real, made: (None, fake.detach())
    return module, fake


def probabilities(images, classes=4):
    """D_1 .. D_(K+1), float64 (B, K + 1)."""
    logits = np.concatenate([images.detach().double().flatten(1).numpy()[:, :classes], np.zeros((8, 1))], axis=1)
    return np.exp(logits) / np.exp(logits).sum(1, keepdims=True)


@pytest.mark.parametrize("model", ["label_gan", "am_gan"])
def test_the_discriminators_loss_is_the_cross_entropy_of_k_plus_1_classes(model):
    module, fake = game(model)
    batch = real()
    known, generated = probabilities(batch.images), probabilities(fake)
    expected = -np.log(known[np.arange(8), batch.labels.numpy()]).mean() - np.log(generated[:, -1]).mean()
    assert module.discriminator_loss(batch).item() == pytest.approx(expected, rel=1e-5)


def test_the_generators_losses_by_probabilities():
    module, fake = game("label_gan")
    p = probabilities(fake)
    assert module.generator_loss(real()).item() == pytest.approx(-np.log(p[:, :-1].sum(1)).mean(), rel=1e-5)
    module, fake = game("am_gan")
    assert module.generator_loss(real()).item() == pytest.approx(-np.log(p[:, :-1].max(1)).mean(), rel=1e-5)


def test_label_gans_gradient_is_the_weighted_sum_of_those_of_the_classes():
    module, fake = game("label_gan")
    module.generator_loss(real()).backward()
    # ∇ -log Σ D_k = Σ (D_k / D_r) ∇ -log D_k, with the gradients of the classes by autograd.
    p = torch.tensor(probabilities(fake))
    weights = p[:, :-1] / p[:, :-1].sum(1, keepdim=True)
    expected = torch.zeros(8, 4, dtype=torch.float64)
    for k in range(4):
        logits = fake.detach().double().flatten(1)[:, :4].requires_grad_()
        F.cross_entropy(with_generated(logits), torch.full((8,), k)).backward()
        expected += weights[:, k : k + 1] * logits.grad
    torch.testing.assert_close(fake.grad.flatten(1)[:, :4].double(), expected, atol=1e-6, rtol=1e-4)


def test_if_one_class_has_all_the_probability_both_generators_have_the_same_gradient():
    gradients = []
    for model in ("label_gan", "am_gan"):
        module, fake = game(model)
        with torch.no_grad():
            fake.flatten(1)[:, :4] = -100.0
            fake.flatten(1)[torch.arange(8), torch.arange(8) % 4] = torch.linspace(-3, 3, 8)
        module.generator_loss(real()).backward()
        gradients.append(fake.grad)
    assert gradients[0].abs().max() > 0.01
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("model", ["label_gan", "am_gan"])
def test_with_one_class_it_is_the_first_gan(model):
    module, fake = game(model, classes=1)
    batch = real(classes=1)
    logits = [images.flatten(1)[:, 0] for images in (batch.images, fake.detach())]
    torch.testing.assert_close(module.discriminator_loss(batch), NonSaturating().discriminator(*logits))
    torch.testing.assert_close(module.generator_loss(batch), NonSaturating().generator(logits[1]))


def test_a_logit_of_generated_fixed_at_0_is_no_restriction():
    logits = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    free = logits.softmax(1)
    torch.testing.assert_close(with_generated(logits[:, :3] - logits[:, 3:]).softmax(1), free)


def test_predefined_targets_are_the_classes_of_the_codes():
    label = "+model.latent.label={_target_: genzoo.core.latent.Categorical, size: 4}"
    _, module = built("am_gan", "model.target._target_=genzoo.adversarial.targets.Predefined", label)
    module.discriminator = FirstPixels(4)
    z, fake = module.latent.sample(8), noise(1)
    classes = module.latent.split(z)["label"].argmax(1)
    found = module.generator_loss(real(), (z, fake)).item()
    assert found == pytest.approx(-np.log(probabilities(fake)[np.arange(8), classes.numpy()]).mean(), rel=1e-5)
    assert Predefined()(torch.zeros(8, 4), {"label": torch.eye(4).repeat(2, 1)}).tolist() == [0, 1, 2, 3] * 2
    assert Dynamic()(torch.eye(4) * 2, {}).tolist() == [0, 1, 2, 3]


def test_it_is_trained_on_labelled_images_and_classifies():
    data, module = built("am_gan")
    module.check_data(data.spec)
    assert {s.pool for s in module.streams()} == {"labelled"}
    assert Classifies in module.capabilities()
    assert module.classify(noise(0)).shape == (8, 4)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("model.discriminator.classes=0", r"model\.discriminator\.classes=0: at least one logit is needed"),
        ("model.target._target_=genzoo.adversarial.targets.Predefined", r"model\.latent\.label: predefined targets"),
        ("data.size=28", "these networks are for 32 x 32 pixels"),
    ],
)
def test_wrong_settings_are_refused(given, message):
    with pytest.raises(GenzooError, match=message):
        built("am_gan", given)


def test_data_with_other_classes_is_refused():
    data, module = built("label_gan", "model.discriminator.classes=7")
    with pytest.raises(GenzooError, match="data=shapes has 4 classes, but the discriminator has 7 logits"):
        module.check_data(data.spec)
