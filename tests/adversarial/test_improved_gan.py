"""Semi-supervised GANs: the losses against their definition, the rounds, the networks."""

import numpy as np
import pytest
import torch
from torch import nn

from genzoo.adversarial.networks.improved_gan_conv import ConvGenerator, VirtualConvGenerator
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Classifies
from genzoo.core.errors import GenzooError
from genzoo.nn.matching import MeanSquared
from genzoo.nn.weight_norm import WeightNormLinear
from genzoo.runs.build import build_data, build_module
from support import SHAPES, resolved


def built(model, *overrides, size=28):
    config = resolved(
        *(f"model={model}", *SHAPES, f"data.size={size}", "trainer=smoke", "recipe.batch_size=8", *overrides)
    )
    data, module = build_data(config), build_module(config)
    return data, module


class Judged(nn.Module):
    """Stands for a discriminator: an image's first pixels are its logits."""

    shape, classes = (1, 28, 28), 3

    def features(self, images):
        return images.flatten(1)[:, :3]

    def head(self, features):
        return features


class Makes(nn.Module):
    """Stands for a generator that always makes the same images."""

    def __init__(self, images):
        super().__init__()
        self.images, self.asked = images, []

    def forward(self, z):
        self.asked.append(len(z))
        return self.images


def batch(n, seed):
    generator = torch.Generator().manual_seed(seed)
    return ImageBatch(torch.randn(n, 1, 28, 28, generator=generator), torch.tensor([0, 2, 1, 1, 0, 2, 0, 0])[:n])


def of(images):
    return images.flatten(1)[:, :3].double().detach().numpy()


def test_the_discriminators_loss_is_that_of_k_plus_1_classes():
    _, module = built("improved_gan")
    labelled, unlabelled = batch(8, 0), batch(8, 1)
    fake = batch(8, 2).images
    module.discriminator = Judged()
    module.detached_fakes = lambda real: (None, fake)
    module.unlabelled_weight = 0.7

    # The paper's loss (section 5) by probabilities of K + 1 classes, the logit of "generated" being 0.
    def probabilities(images):
        scores = np.exp(np.concatenate([of(images), np.zeros((len(images), 1))], axis=1))
        return scores / scores.sum(1, keepdims=True)

    known = np.exp(of(labelled.images))
    known /= known.sum(1, keepdims=True)
    supervised = -np.log(known[np.arange(8), labelled.labels.numpy()]).mean()
    real, generated = probabilities(unlabelled.images)[:, -1], probabilities(fake)[:, -1]
    expected = supervised - 0.7 * (np.log(1 - real).mean() + np.log(generated).mean()) / 2
    assert module.discriminator_loss(labelled=labelled, unlabelled=unlabelled).item() == pytest.approx(expected, 1e-5)


def test_smoothed_labels_pull_d_of_real_images_to_the_label():
    _, module = built("improved_gan", "+model.real=0.9")
    unlabelled, fake = batch(8, 1), batch(8, 2).images
    module.discriminator, module.detached_fakes = Judged(), lambda real: (None, fake)
    d_real, d_fake = (1 - 1 / (np.exp(of(images)).sum(1) + 1) for images in (unlabelled.images, fake))
    expected = -(0.9 * np.log(d_real) + 0.1 * np.log(1 - d_real)).mean() / 2 - np.log(1 - d_fake).mean() / 2
    assert module.discriminator_loss(unlabelled=unlabelled).item() == pytest.approx(expected, 1e-5)
    with pytest.raises(GenzooError, match=r"model.real=1.2"):
        built("improved_gan", "+model.real=1.2")


def test_without_labels_none_are_drawn_and_it_does_not_classify():
    data, module = built("improved_gan", "+model.labelled_weight=0", "model.discriminator.classes=1")
    module.check_data(data.spec)
    assert {s.pool for s in module.streams()} == {"train"}
    assert Classifies not in module.capabilities()
    assert Classifies in built("improved_gan")[1].capabilities()


def test_under_virtual_batch_norm_an_image_does_not_depend_on_its_batch_mates():
    torch.manual_seed(0)
    network = VirtualConvGenerator(latent=10, shape=(3, 32, 32), channels=4, reference=5)
    z = torch.rand(6, 10)
    torch.testing.assert_close(network(z)[:2], network(z[:2]))
    assert not torch.allclose(ConvGenerator(latent=10, shape=(3, 32, 32), channels=4)(z)[:2], network(z)[:2])
    assert not any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules())


def test_the_generator_minimises_log_1_minus_d():
    _, module = built("improved_gan_minibatch_cifar10", "data.channels=3", size=32)
    fake = batch(8, 2).images
    module.discriminator, module.generator = Judged(), Makes(fake)
    module.discriminator_loss(labelled=batch(8, 0), unlabelled=batch(8, 1))
    assert module.generator.asked == [8]
    z = np.exp(of(fake)).sum(1)
    assert module.generator_loss(unlabelled=batch(8, 1)).item() == pytest.approx(np.log(1 - z / (z + 1)).mean(), 1e-5)
    assert module.generator.asked == [8, 8], "as many as the discriminator judged"


def test_feature_matching_takes_features_with_noise_on():
    _, module = built("improved_gan")
    assert isinstance(module.matching, MeanSquared)
    module.initialise(torch.rand(500, 1, 28, 28) * 2 - 1)
    other = batch(8, 1)
    torch.manual_seed(0)
    found = module.generator_loss(other=other)
    torch.manual_seed(0)
    fake = module.generator(module.latent.sample(8))
    real = module.discriminator.features(other.images)
    generated = module.discriminator.features(fake)
    expected = ((real.mean(0) - generated.mean(0)) ** 2).sum() / real.shape[1]
    torch.testing.assert_close(found, expected)
    assert not torch.equal(module.discriminator.features(fake), generated), "noise is on"


def test_a_round_draws_labelled_and_unlabelled_images_and_others_to_match():
    assert {s.name: (s.pool, s.batches) for s in built("improved_gan")[1].streams()} == {
        "labelled": ("labelled", 1),
        "unlabelled": ("train", 1),
        "other": ("train", 1),
    }
    _, module = built("improved_gan_minibatch_svhn", "data.channels=3", size=32)
    assert {s.name: s.batches for s in module.streams()} == {"labelled": 1, "unlabelled": 1}
    unlabelled = batch(8, 1)
    _, makes = module.turns()
    assert list(makes.draws(unlabelled=unlabelled)) == [{"unlabelled": unlabelled}] * 3


def test_minibatch_features_do_not_mix_real_and_generated_images():
    _, module = built("improved_gan_minibatch_cifar10", "data.channels=3", size=32)
    module.discriminator.eval()
    images = [torch.rand(8, 3, 32, 32) * 2 - 1 for _ in range(3)]
    together = module.discriminate(*images)
    for logits, batch_alone in zip(together, images, strict=True):
        torch.testing.assert_close(logits, module.discriminator(batch_alone))


def test_after_initialisation_the_logits_have_the_recipes_standard_deviation():
    _, module = built("improved_gan_cifar10", "data.channels=3", size=32)
    for m in module.discriminator.modules():
        if isinstance(m, nn.Dropout):
            m.p = 0.0
    images = torch.rand(300, 3, 32, 32) * 2 - 1
    module.initialise(images)
    logits = module.discriminator(images)
    torch.testing.assert_close(logits.mean(0), torch.zeros(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(logits.std(0, correction=0), torch.full((4,), 0.1), atol=1e-3, rtol=0)


def test_the_generators_batch_norm_has_no_gain_to_train():
    for model, size, channels in (("improved_gan", 28, 1), ("improved_gan_svhn", 32, 3)):
        _, module = built(model, f"data.channels={channels}", size=size)
        norms = [m for m in module.generator.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        assert norms
        assert not any(m.weight.requires_grad for m in norms)
        assert all(m.bias.requires_grad and m.eps == 1e-6 for m in norms)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            "+model.round._target_=genzoo.adversarial.rounds.Simultaneous",
            "model.round: this model has a fixed round",
        ),
        ("+model.round._target_=genzoo.adversarial.rounds.Shared", "model.round: this model has a fixed round"),
        (
            "+model.round={_target_: genzoo.adversarial.rounds.Alternating, discriminator_steps: 2}",
            "model.round: this model has a fixed round",
        ),
        ("+model.labelled_weight=-1", "model.labelled_weight and model.unlabelled_weight"),
        ("model.discriminator.classes=0", "model.discriminator.classes=0"),
        ("trainer.accumulate=2", "trainer.accumulate=2: this model needs its whole batch"),
    ],
)
def test_settings_that_this_game_does_not_have_are_refused(given, message):
    with pytest.raises(GenzooError, match=message):
        built("improved_gan", given)


def test_the_generator_of_2016_is_initialised_from_codes_and_todays_is_not():
    for model, expected in (("improved_gan", None), ("improved_gan_2016", 1.0)):
        _, module = built(model)
        last = [m for m in module.generator.modules() if isinstance(m, WeightNormLinear)][-1]
        module.initialise(torch.rand(100, 1, 28, 28) * 2 - 1)
        assert torch.equal(last.gain, torch.ones_like(last.gain)) == (expected is None)


@pytest.mark.parametrize("model", ["improved_gan", "improved_gan_supervised"])
def test_data_with_other_classes_is_refused(model):
    data, module = built(model, "model.discriminator.classes=7")
    with pytest.raises(GenzooError, match=r"data=shapes has 4 classes, but the discriminator has 7 logits"):
        module.check_data(data.spec)


def test_the_baseline_sees_labelled_images_only():
    _, module = built("improved_gan_supervised")
    assert [s.pool for s in module.streams()] == ["labelled"]
    module.discriminator = Judged()
    labelled = batch(8, 0)
    expected = torch.nn.functional.cross_entropy(labelled.images.flatten(1)[:, :3], labelled.labels)
    module.discriminator.forward = lambda images: images.flatten(1)[:, :3]
    torch.testing.assert_close(module.discriminator_loss(labelled=labelled), expected)
