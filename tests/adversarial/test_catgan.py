"""CatGAN: entropies and losses against their definition by probabilities, gradients, settings."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from genzoo.adversarial.catgan import conditional_entropy, marginal_entropy
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Classifies, InfersCodes
from genzoo.core.errors import GenzooError
from genzoo.runs.build import build_data, build_module
from support import SHAPES, resolved


def built(model="catgan", *overrides):
    config = resolved(*(f"model={model}", *SHAPES, "trainer=smoke", "recipe.batch_size=8", *overrides))
    return build_data(config), build_module(config)


class FirstPixels(nn.Module):
    """Stands for a discriminator: an image's first pixels are its logits."""

    shape, classes = (1, 28, 28), 3

    def forward(self, images):
        return images.flatten(1)[:, :3]


def batch(seed, scale=2.0):
    images = torch.randn(8, 1, 28, 28, generator=torch.Generator().manual_seed(seed)) * scale
    return ImageBatch(images, torch.tensor([0, 2, 1, 1, 0, 2, 0, 0]))


def entropies(logits):
    """(H[E p(y|x)], E H[p(y|x)]) in float64, by probabilities."""
    p = np.exp(np.asarray(logits.detach(), dtype=np.float64))
    p /= p.sum(1, keepdims=True)
    mean = p.mean(0)
    return -(mean * np.log(mean)).sum(), -(p * np.log(p)).sum(1).mean()


def logits_of(batch):
    return batch.images.flatten(1)[:, :3]


def game(model="catgan"):
    """A module with ``FirstPixels`` that generates the images of ``batch(2)``."""
    _, module = built(model)
    module.discriminator = FirstPixels()
    fake = batch(2).images
    module.detached_fakes = lambda real: (None, fake)
    module.make = lambda real: (None, fake)
    return module


@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])
def test_entropies_are_those_of_the_probabilities(scale):
    logits = torch.randn(50, 7, generator=torch.Generator().manual_seed(0)) * scale
    marginal, conditional = entropies(logits)
    assert marginal_entropy(logits).item() == pytest.approx(marginal, abs=1e-5)
    assert conditional_entropy(logits).item() == pytest.approx(conditional, abs=1e-5)
    assert 0 <= conditional_entropy(logits) <= marginal_entropy(logits) <= math.log(7) + 1e-6  # H is concave


def test_entropies_of_certain_predictions_have_finite_gradients():
    logits = (torch.eye(4) * 1e4).requires_grad_()
    assert conditional_entropy(logits).item() == 0
    assert marginal_entropy(logits).item() == pytest.approx(math.log(4))
    (marginal_entropy(logits) - conditional_entropy(logits)).backward()
    assert logits.grad.isfinite().all()


def test_uniform_predictions_of_all_images():
    module = game()
    uniform = torch.zeros(8, 5)
    # -H_X + E_x H - E_z H = -log K + log K - log K
    assert module.adversarial_loss(uniform, uniform).item() == pytest.approx(-math.log(5))
    module.discriminate = lambda *batches: (uniform,) * len(batches)
    assert module.generator_loss(batch(1)).item() == pytest.approx(0, abs=1e-6)
    labelled = ImageBatch(torch.zeros(8, 1, 28, 28), torch.arange(8) % 5)
    assert module.discriminator_loss(batch(1), labelled).item() == pytest.approx(0, abs=1e-6)  # + log K


def test_the_discriminators_optimum_is_minus_2_log_k():
    certain, uniform = torch.eye(5) * 1e3, torch.zeros(5, 5)
    assert game().adversarial_loss(certain, uniform).item() == pytest.approx(-2 * math.log(5))


def test_the_losses_are_those_of_the_paper():
    module = game()
    module.labelled_weight = 0.7
    labelled, unlabelled = batch(0), batch(1)
    marginal, conditional = entropies(logits_of(unlabelled))
    fake_marginal, fake_conditional = entropies(logits_of(batch(2)))
    p = np.exp(logits_of(labelled).double().numpy())
    p /= p.sum(1, keepdims=True)
    cross_entropy = -np.log(p[np.arange(8), labelled.labels.numpy()]).mean()

    expected = -marginal + conditional - fake_conditional + 0.7 * cross_entropy
    assert module.discriminator_loss(unlabelled, labelled).item() == pytest.approx(expected, abs=1e-5)
    assert module.generator_loss(unlabelled).item() == pytest.approx(fake_conditional - fake_marginal, abs=1e-5)


def test_the_generators_gradient_is_that_of_finite_differences():
    module = game()
    fake = batch(2).images.double().requires_grad_()
    module.make = lambda real: (None, fake)
    module.generator_loss(batch(1)).backward()
    logits = logits_of(batch(2)).double()
    for i, k in [(0, 0), (3, 1), (7, 2)]:
        sides = []
        for step in (1e-5, -1e-5):
            moved = logits.clone()
            moved[i, k] += step
            marginal, conditional = entropies(moved)
            sides.append(conditional - marginal)
        assert fake.grad.flatten(1)[i, k].item() == pytest.approx((sides[0] - sides[1]) / 2e-5, rel=1e-4, abs=1e-8)


def test_images_of_each_kind_have_their_own_batch_statistics():
    _, module = built()
    for noise in module.discriminator.modules():
        if hasattr(noise, "std"):
            noise.std = 0.0
    images = [batch(seed).images for seed in range(3)]
    together = module.discriminate(*images)
    for logits, alone in zip(together, images, strict=True):
        assert torch.equal(logits, module.discriminator(alone))


def test_with_labels_it_classifies_and_without_it_infers_clusters():
    data, module = built()
    module.check_data(data.spec)
    assert module.capabilities() >= {Classifies}
    assert InfersCodes not in module.capabilities()
    assert {s.name: s.pool for s in module.streams()} == {"labelled": "labelled", "unlabelled": "train"}

    data, module = built("catgan_unsupervised")
    module.check_data(data.spec)
    assert module.capabilities() >= {InfersCodes}
    assert Classifies not in module.capabilities()
    assert {s.pool for s in module.streams()} == {"train"}
    found = module.infer_codes(batch(0).images)["category"]
    assert found.shape == (8, 20)
    torch.testing.assert_close(found, module.classify(batch(0).images).softmax(1))


def test_wrong_settings_are_refused():
    with pytest.raises(GenzooError, match=r"model\.real: these losses have no label"):
        built("catgan", "+model.real=0.9")
    with pytest.raises(GenzooError, match="scope='local' is unknown"):
        built("catgan", "+model.scope=local")
    data, module = built("catgan", "model.discriminator.classes=7")
    with pytest.raises(GenzooError, match="data=shapes has 4 classes, but the discriminator has 7 logits"):
        module.check_data(data.spec)
    with pytest.raises(GenzooError, match=r"model\.discriminator\.classes=0: at least one logit is needed"):
        built("catgan", "model.discriminator.classes=0")
