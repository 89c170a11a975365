from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.improved_gan_imagenet import LabelGAN, is_real
from genzoo.adversarial.rounds import Shared
from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.capabilities import Decodes, Samples
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from genzoo.nn.objectives import NonSaturating, SmoothedLabels
from support import Constant

SHAPE, CLASSES = (1, 2, 2), 3


class Beside(nn.Module):
    """Linear logits of each image minus the mean of the other half: it needs both halves."""

    shape = SHAPE

    def __init__(self, classes):
        super().__init__()
        self.classes = classes
        self.head = nn.Linear(4, (classes or 1) + 1)

    def forward(self, real, fake):
        real, fake = real.flatten(1), fake.flatten(1)
        return self.head(real - fake.mean(0)), self.head(fake - real.mean(0))


def make(classes=CLASSES, **options):
    torch.manual_seed(0)
    sgd = partial(torch.optim.SGD, lr=0.1)
    options = {"objective": SmoothedLabels(0.75, 0.375), "round": Shared(at_once=True)} | options
    module = LabelGAN(
        generator=Constant,
        discriminator=Beside(classes),
        latent=Latent(noise=Normal(3)),
        optimizers={"discriminator": sgd, "generator": sgd},
        **options,
    ).ready()
    module.configure_optimizers()
    return module


def real_batch():
    images = torch.rand(4, *SHAPE, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return ImageBatch(images, torch.tensor([0, 2, 1, 2]))


def test_the_logit_of_real_is_that_of_the_sum_of_the_real_classes():
    logits = torch.randn(5, CLASSES + 1) * 3
    torch.testing.assert_close(is_real(logits).sigmoid(), logits.softmax(1)[:, :CLASSES].sum(1))


def test_losses_by_hand():
    module, real = make(), real_batch()
    of_real, of_fake = (p.softmax(1) for p in module.discriminator(real.images, torch.full((4, *SHAPE), 0.5)))
    real_is_real, fake_is_real = 1 - of_real[:, -1], 1 - of_fake[:, -1]

    def divergence(target, p):
        return (target * (target / p).log() + (1 - target) * ((1 - target) / (1 - p)).log()).mean()

    target = torch.tensor(0.75)
    expected = divergence(target, real_is_real) - (1 - fake_is_real).log().mean()
    named = -of_real[range(4), real.labels].log().mean()
    torch.testing.assert_close(module.discriminator_loss(real), expected + named)
    torch.testing.assert_close(module.generator_loss(real), divergence(target / 2, fake_is_real))
    means = module.meters.means()
    torch.testing.assert_close(means["class_loss"], named.detach())
    assert means["class_error"].item() == (of_real.argmax(1) != real.labels).float().mean().item()


@pytest.mark.parametrize("classes", [0, None])
def test_without_classes_it_is_a_gan_of_two_logits(classes):
    module, real = make(classes, objective=NonSaturating()), real_batch()
    assert [stream.pool for stream in module.streams()] == ["train"]
    real = real._replace(labels=torch.full((4,), -1))
    of_real, of_fake = module.discriminator(real.images, torch.full((4, *SHAPE), 0.5))
    two = F.cross_entropy(of_real, torch.zeros(4).long()) + F.cross_entropy(of_fake, torch.ones(4).long())
    torch.testing.assert_close(module.discriminator_loss(real), two)
    assert not module.meters.means()


def test_both_players_move_at_once_on_the_same_images():
    module, real = make(), real_batch()
    (turn,) = module.turns()
    assert list(turn.losses) == ["discriminator", "generator"]
    assert [stream.pool for stream in turn.streams] == ["labelled"]
    passes = []
    module.generator.register_forward_hook(lambda *_: passes.append(1))
    (arguments,) = turn.draws(real=real)
    for player, other in (("discriminator", "generator"), ("generator", "discriminator")):
        with module.only(player):
            turn.losses[player](**arguments).backward()
        assert all(p.grad.abs().sum() > 0 for p in getattr(module, player).parameters())
        if player == "discriminator":
            assert all(p.grad is None for p in getattr(module, other).parameters())
    assert len(passes) == 1


def test_it_samples_and_decodes_and_does_not_claim_to_classify():
    assert make().capabilities() == {Samples, Decodes}


def of(classes):
    return DataSpec("images", shape=(1, 2, 2), classes=classes)


@pytest.mark.parametrize(("classes", "in_data"), [(CLASSES, CLASSES), (0, 0), (None, 0), (0, 10)])
def test_data_that_fit_are_accepted(classes, in_data):
    make(classes).check_data(of(in_data))


@pytest.mark.parametrize(("classes", "in_data"), [(None, 10), (CLASSES, 10)])
def test_data_of_other_classes_are_refused(classes, in_data):
    with pytest.raises(
        GenzooError, match=rf"has 10 classes, but .*classes={classes}; use model.discriminator.classes=10, or 0"
    ):
        make(classes).check_data(of(in_data))


def test_data_without_classes_are_refused_where_they_are_to_be_learned():
    with pytest.raises(GenzooError, match="data=images has no labels, but the model needs them"):
        make().check_data(of(0))
