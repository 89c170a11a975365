"""GAN-INT-CLS: each player's loss by hand, the phases, what is asked for, refusals."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.text_gan import TextGAN
from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.nn.joint_embedding import JointEmbedding
from genzoo.nn.objectives import NonSaturating
from support.translators import adam

SPEC = DataSpec("letters", (1, 1, 2), classes=3, given={"caption": (2, 4)})


class Sums(nn.Module):
    """Two numbers of a sentence: a weighted sum and the first character."""

    length, outputs = 4, 2

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.1))

    def forward(self, numbers):
        return torch.stack([self.weight * numbers.sum(1), numbers[:, 0].float()], 1)


class Flat(nn.Module):
    """An image of two pixels as it is."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(1.0))

    def forward(self, images):
        return self.gain * images.flatten(1)


class Writes(nn.Module):
    """t plus noise, as an image of two pixels."""

    shape, asks = (1, 1, 2), {}

    def __init__(self, latent, embedding):
        super().__init__()
        self.gain, self.latent = nn.Parameter(torch.tensor(0.3)), latent

    def forward(self, noise, t):
        return (self.gain * t + 0.01 * noise.sum(1, keepdim=True)).view(-1, 1, 1, 2)


class Scores(nn.Module):
    """The product of image and t, plus a bias."""

    def __init__(self, embedding):
        super().__init__()
        self.bias = nn.Parameter(torch.tensor(0.2))

    def forward(self, images, t):
        return (images.flatten(1) * t).sum(1) + self.bias


def make(**options):
    torch.manual_seed(0)
    options = {"embedding_rounds": 3, "latent": 5, "mismatch_weight": 0.25, "interpolation_weight": 0.5} | options
    networks = {"embedding": JointEmbedding(Sums(), Flat(), classes=3), "generator": Writes, "discriminator": Scores}
    players = adam("embedding", "discriminator", "generator")
    return TextGAN(objective=NonSaturating(), optimizers=players, **networks, **options).ready()


def batch(n=6):
    randomness = torch.Generator().manual_seed(1)
    images = torch.rand(n, 1, 1, 2, generator=randomness)
    captions = torch.randint(1, 5, (n, 2, 4), generator=randomness)
    return ImageBatch(images, torch.arange(n) % 3, given={"caption": captions})


def arguments(module, real):
    (found,) = module.turns()[1].draws(real=real)
    return found


def embedded(real):
    captions = real.given["caption"].float()
    return torch.stack([0.1 * captions.sum(2), captions[:, :, 0]], 2).mean(1)


def bce(logits, target):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target), reduction="sum")


def score(images, t):
    return (images.flatten(1) * t).sum(1) + 0.2


@pytest.mark.parametrize("w", [0.25, 0.0])
def test_the_discriminators_loss_weighs_wrong_images_and_fakes(w, monkeypatch):
    module, real = make(mismatch_weight=w), batch()
    monkeypatch.setattr("genzoo.adversarial.text_gan.other_rows", lambda y: torch.arange(len(y)).roll(1))
    monkeypatch.setattr(module, "draw", lambda t, generator=None: 0.3 * t.view(-1, 1, 1, 2))
    t = embedded(real)
    terms = {
        "real": bce(score(real.images, t), 1.0) / 6,
        "wrong": bce(score(real.images.roll(1, 0), t), 0.0) / 6,
        "fake": bce(score(0.3 * t, t), 0.0) / 6,
    }
    expected = terms["real"] + (w * terms["wrong"] + (1 - w) * terms["fake"] if w else terms["fake"])
    torch.testing.assert_close(module.discriminator_loss(**arguments(module, real)), expected)


@pytest.mark.parametrize("v", [0.5, 0.0])
def test_the_generators_loss_has_midpoints_of_half_as_many_captions(v, monkeypatch):
    module, real = make(interpolation_weight=v), batch()
    monkeypatch.setattr(module, "draw", lambda t, generator=None: 0.3 * t.view(-1, 1, 1, 2))
    t = embedded(real)
    middle = torch.stack([(t[j] + t[j + 3]) / 2 for j in range(3)])
    total = bce(score(0.3 * t, t), 1.0) + v * bce(score(0.3 * middle, middle), 1.0)
    torch.testing.assert_close(module.generator_loss(**arguments(module, real)), total / (1.5 * 6))


def test_wrong_images_are_of_another_class(monkeypatch):
    module, real, seen = make(), batch(), []
    judge = module.judge
    monkeypatch.setattr(module, "judge", lambda images, t: seen.append(images) or judge(images, t))
    for _ in range(20):
        module.discriminator_loss(**arguments(module, real))
    classes = {tuple(image.flatten().tolist()): label for image, label in zip(real.images, real.labels, strict=True)}
    for wrong in seen[2::3]:
        labels = torch.stack([classes[tuple(image.flatten().tolist())] for image in wrong])
        assert (labels != real.labels).all()


def test_the_discriminators_loss_gives_no_gradient_to_the_generator_and_neither_to_the_embedding():
    module, real = make(), batch()
    module.discriminator_loss(**arguments(module, real)).backward()
    assert module.generator.gain.grad is None
    module.generator_loss(**arguments(module, real)).backward()
    assert module.generator.gain.grad is not None
    assert module.embedding.text_encoder.weight.grad is None


def test_the_embedding_is_trained_first():
    embedding, game = make().turns()
    assert [embedding.repeats_in(r) for r in (0, 2, 3)] == [1, 1, 0]
    assert [game.repeats_in(r) for r in (0, 2, 3)] == [0, 0, 1]
    assert [*game.losses] == ["discriminator", "generator"]
    assert not game.at_once
    torch.manual_seed(0)
    module, real, single = make(), batch(), []
    for _ in range(100):
        single.append(module.embedding_loss(real).item())
    assert len({round(value, 5) for value in single}) > 10  # of either caption of each image


def test_images_are_asked_for_by_the_mean_of_several_captions():
    module, real = make(), batch()
    a = module.sample_given(real.given, torch.Generator().manual_seed(2))
    noise = torch.randn(6, 5, generator=torch.Generator().manual_seed(2))
    expected = 0.3 * embedded(real) + 0.01 * noise.sum(1, keepdim=True)
    torch.testing.assert_close(a, expected.view(6, 1, 1, 2))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            SPEC._replace(given={}),
            r"^data=letters has no caption of each image, but the model needs it; choose data=captioned_shapes",
        ),
        (SPEC._replace(given={"caption": (2, 9)}), r"captions of 9 characters, but the model is built for 4; set "),
        (SPEC._replace(shape=(3, 1, 2)), r"has images of .* \(3, 1, 2\), but the model is built for \(1, 1, 2\)"),
    ],
)
def test_data_that_do_not_fit_are_refused(data, message):
    make().check_data(SPEC)
    with pytest.raises(GenzooError, match=message):
        make().check_data(data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mismatch_weight": 1.5}, r"^model\.mismatch_weight=1\.5: a number from 0 to 1"),
        ({"interpolation_weight": -1}, r"^model\.interpolation_weight=-1: a number of at least 0"),
        ({"embedding_rounds": 0}, r"^model\.embedding_rounds=0: a positive integer"),
        ({"latent": 0}, r"^model\.latent=0: a positive integer"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    with pytest.raises(GenzooError, match=message):
        make(**options)


@pytest.mark.parametrize("given", [{}, {"caption": torch.zeros(2, 4)}, {"caption": torch.zeros(2, 1, 5)}])
def test_captions_of_another_shape_are_refused(given):
    with pytest.raises(GenzooError, match=r"^caption: numbers of characters \(n, captions, 4\) are needed, not"):
        make().sample_given(given)
