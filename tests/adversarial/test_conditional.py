from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.conditional import ACGAN, ConditionalGAN
from genzoo.adversarial.networks import dcgan
from genzoo.adversarial.networks.conditional import LabelMaps
from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.capabilities import Classifies
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Categorical, Latent, Normal
from genzoo.nn.matching import MeanAbsolute
from genzoo.nn.objectives import NonSaturating
from genzoo.nn.penalties import R1

SHAPE, CLASSES = (1, 16, 16), 3
SGD = partial(torch.optim.SGD, lr=0.1)


class Echo(nn.Module):
    """An image whose every pixel is the index of the code's label."""

    shape = SHAPE

    def __init__(self, latent):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, z):
        return self.scale * z[:, -CLASSES:].argmax(1).float().view(-1, 1, 1, 1).expand(-1, *SHAPE)


def make(kind, **options):
    torch.manual_seed(0)
    network = partial(dcgan.Discriminator, channels=2)
    options = {
        "generator": Echo,
        "discriminator": LabelMaps(network, SHAPE, CLASSES) if kind is ConditionalGAN else network(shape=SHAPE),
        "latent": Latent(noise=Normal(4), label=Categorical(CLASSES)),
        "objective": NonSaturating(),
        "optimizers": {"discriminator": SGD, "generator": SGD},
    } | options
    return kind(**options).ready()


def real_batch():
    images = torch.rand(8, *SHAPE, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return ImageBatch(images, torch.tensor([0, 1, 2, 0, 1, 2, 2, 2]))


def as_images(labels):
    return labels.float().view(-1, 1, 1, 1).expand(-1, *SHAPE)


BOTH = pytest.mark.parametrize("kind", [ConditionalGAN, ACGAN])


@BOTH
def test_generated_images_have_the_labels_of_the_real_ones(kind):
    module, real = make(kind), real_batch()
    assert torch.equal(module.detached_fakes(real)[1], as_images(real.labels))
    assert torch.equal(module.make(real)[1], as_images(real.labels))
    noise = [module.latent.split(module.codes(real))["noise"] for _ in range(2)]
    assert not torch.equal(*noise)


@BOTH
def test_samples_are_of_the_classes_asked_for(kind):
    module, labels = make(kind), torch.tensor([2, 0, 0, 1])
    assert torch.equal(module.sample(4, labels), as_images(labels))
    drawn = module.sample(300, generator=torch.Generator().manual_seed(0))[:, 0, 0, 0]
    assert drawn.long().bincount().tolist() == pytest.approx([100] * 3, abs=30)


def test_the_conditional_discriminator_sees_each_image_with_its_label():
    module, real = make(ConditionalGAN), real_batch()
    maps = torch.zeros(8, CLASSES, 16, 16)
    for i, label in enumerate(real.labels.tolist()):
        maps[i, label] = 1
    expected = [module.discriminator.network(torch.cat([x, maps], 1)) for x in (real.images, as_images(real.labels))]
    loss = module.discriminator_loss(real)
    torch.testing.assert_close(loss, F.softplus(-expected[0]).mean() + F.softplus(expected[1]).mean())
    torch.testing.assert_close(module.generator_loss(real), F.softplus(-expected[1]).mean())


def test_acgans_losses_are_the_objective_and_the_cross_entropies():
    module, real = make(ACGAN, class_weight=0.3), real_batch()
    network, fake = module.discriminator, as_images(real.labels)

    def log_probability(images):  # of the right class, by hand
        scores = module.class_head(network.trunk(images))
        return torch.stack([s[y] - s.exp().sum().log() for s, y in zip(scores, real.labels, strict=True)]).mean()

    sources = F.softplus(-network(real.images)).mean() + F.softplus(network(fake)).mean()
    expected = sources - 0.3 * (log_probability(real.images) + log_probability(fake))
    torch.testing.assert_close(module.discriminator_loss(real), expected)
    expected = F.softplus(-network(fake)).mean() - 0.3 * log_probability(fake)
    torch.testing.assert_close(module.generator_loss(real), expected)


def test_acgan_classifies_by_its_head():
    module, images = make(ACGAN), real_batch().images
    assert Classifies in module.capabilities()
    network = module.discriminator.eval()
    assert torch.equal(module.classify(images), module.class_head(network.trunk(images)))


@BOTH
def test_real_images_are_drawn_from_those_with_labels(kind):
    assert {stream.pool for turn in make(kind).turns() for stream in turn.streams} == {"labelled"}


@pytest.mark.parametrize("classes", [0, None])
def test_data_without_labels_are_refused_before_they_are_loaded(classes):
    with pytest.raises(GenzooError, match=rf"at least 2 categories, got {classes}.*choose data with labels"):
        Categorical(classes)


@BOTH
def test_another_number_of_classes_is_refused(kind):
    with pytest.raises(GenzooError, match=r"has 7 classes, .* 3 categories; use model.latent.label.size=7"):
        make(kind).check_data(DataSpec("letters", (1, 16, 16), classes=7))


@BOTH
def test_a_latent_without_labels_is_refused(kind):
    with pytest.raises(GenzooError, match=r"model.latent.label: a Categorical part is needed"):
        make(kind, latent=Latent(noise=Normal(4)))


@pytest.mark.parametrize("kind", [ConditionalGAN, ACGAN])
def test_penalties_and_dequantisation_are_part_of_every_discriminators_loss(kind):
    network = partial(dcgan.Discriminator, channels=2, norm="none")
    discriminator = LabelMaps(network, SHAPE, CLASSES) if kind is ConditionalGAN else network(shape=SHAPE)
    for p in discriminator.parameters():
        p.data *= 20  # so that a level's width is felt
    module = make(kind, discriminator=discriminator, penalties={"r1": R1(3.0)}, dequantise=True)
    torch.manual_seed(0)
    loss = module.discriminator_loss(real_batch())
    penalty = module.meters.means()["r1"]
    torch.manual_seed(0)
    module.penalties = {}
    torch.testing.assert_close(loss, module.discriminator_loss(real_batch()) + penalty)
    assert penalty > 0
    torch.manual_seed(0)
    module.dequantise = False
    assert not torch.equal(loss - penalty, module.discriminator_loss(real_batch()))


def test_with_matching_only_the_objective_is_replaced():
    module, real = make(ACGAN, matching=MeanAbsolute(), class_weight=0.5), real_batch()
    fake, target = (module.discriminator.features(x) for x in (as_images(real.labels), real.images))
    misses = F.cross_entropy(module.class_head(fake), real.labels)
    expected = (fake.mean(0) - target.mean(0)).abs().mean() + 0.5 * misses
    assert module.generator_loss(real).item() == pytest.approx(expected.item(), rel=1e-5)
