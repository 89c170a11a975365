"""Adversarial autoencoders: losses by hand, isolation of the turns, a game with a known end, labels, refusals."""

import math
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Classifies, Encodes, InfersCodes, SamplesClasses
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Categorical, Latent, Normal
from genzoo.core.planar import Mixture
from genzoo.hybrid.aae import AdversarialAutoencoder
from genzoo.hybrid.semi_supervised_aae import SemiSupervisedAdversarialAutoencoder
from genzoo.hybrid.supervised_aae import SupervisedAdversarialAutoencoder
from genzoo.nn.objectives import NonSaturating
from genzoo.runs.build import build_data, build_module
from support import SHAPES, resolved
from support.linear import SHAPE, LinearGenerator

LABELS = torch.tensor([0, 2, 1, -1, 0, 2])


class LinearEncoder(nn.Module):
    def __init__(self, width, shape=SHAPE):
        super().__init__()
        self.shape, self.width = shape, width
        self.linear = nn.Linear(math.prod(shape), width)

    def forward(self, images):
        return self.linear(images.flatten(1))


class Quadratic(nn.Module):
    """Logits that are a quadratic function of each value, plus a number per label."""

    def __init__(self, width, classes=0):
        super().__init__()
        self.width, self.classes = width, classes
        self.weights = nn.Parameter(torch.randn(3, width))
        self.of_label = nn.Parameter(torch.randn(classes + 1))

    def forward(self, codes, labels):
        powers = torch.stack([torch.ones_like(codes), codes, codes**2])
        return (powers * self.weights[:, None]).sum((0, 2)) + (self.of_label[labels] if self.classes else 0)


ADAM = partial(torch.optim.SGD, lr=0.1)


def make(kind=AdversarialAutoencoder, parts=None, discriminators=None, **options):
    torch.manual_seed(0)
    parts = parts or {"code": Normal(2)}
    module = kind(
        **{
            "encoder": LinearEncoder,
            "decoder": LinearGenerator,
            "discriminators": discriminators or {name: Quadratic for name in parts if name != "label"},
            "latent": Latent(**parts),
            "objective": NonSaturating(),
            "optimizers": dict.fromkeys(("encoder", "decoder", "discriminator"), ADAM),
        }
        | options
    ).ready()
    module.configure_optimizers()
    return module


def batch(labels=LABELS):
    images = torch.rand(len(labels), *SHAPE, generator=torch.Generator().manual_seed(3)) * 2 - 1
    return ImageBatch(images, labels)


CATEGORY = {"category": Categorical(3), "style": Normal(2)}
FORMS = [
    partial(make),
    partial(make, SemiSupervisedAdversarialAutoencoder, CATEGORY),
    partial(make, SupervisedAdversarialAutoencoder, {"label": Categorical(3), "style": Normal(2)}),
]


def arguments_of(module):
    """Each turn with the arguments of its losses, on images of known labels."""
    real = batch(LABELS.abs())
    for turn in module.turns():
        for arguments in turn.draws(**{stream.name: real for stream in turn.streams}):
            yield turn, arguments


@pytest.mark.parametrize("form", FORMS)
def test_each_turn_has_gradients_for_its_players_alone(form):
    module = form()
    moved = []
    for turn, arguments in arguments_of(module):
        assert set(turn.losses) in ({"decoder", "encoder"}, {"discriminator"}, {"encoder"})
        for player, loss_of in turn.losses.items():
            module.zero_grad()
            with module.only(player):
                loss_of(**arguments).backward()
            with_gradient = {p for ps, nets in module.players().items() for p in [ps] if any(
                q.grad is not None and q.grad.abs().sum() > 0 for net in nets for q in net.parameters())}  # fmt: skip
            assert with_gradient == {player}
            moved.append(player)
    assert moved[:4] == ["decoder", "encoder", "discriminator", "encoder"]


def test_the_reconstruction_is_the_squared_error_through_both_networks():
    module, real = make(reconstruction_weight=3.0), batch()
    ((_, arguments), *_) = arguments_of(module)
    real = arguments["real"]
    w, b = module.encoder.linear.weight, module.encoder.linear.bias
    v, c = module.decoder.linear.weight, module.decoder.linear.bias
    x = real.images.flatten(1)
    error = ((x @ w.T + b) @ v.T + c - x).square().mean()
    torch.testing.assert_close(module.decoder_loss(**arguments), error)
    torch.testing.assert_close(module.reconstruction_loss(**arguments), 3 * error)
    # Both players' gradients are those of the one joint error.
    joint = torch.autograd.grad(error, [w, v])
    of_encoder = torch.autograd.grad(module.reconstruction_loss(**arguments), w, retain_graph=True)[0]
    of_decoder = torch.autograd.grad(module.decoder_loss(**arguments), v)[0]
    torch.testing.assert_close(of_encoder, 3 * joint[0])
    torch.testing.assert_close(of_decoder, joint[1])


def test_the_game_is_the_logistic_one_summed_over_the_parts():
    module, real = make(SemiSupervisedAdversarialAutoencoder, CATEGORY, adversarial_weight=0.5), batch()
    drawn = {"category": F.one_hot(torch.tensor([0, 1, 2, 0, 1, 2]), 3).float(), "style": torch.randn(6, 2)}
    module.prior = lambda labels, generator=None: drawn
    outputs = module.encoder(real.images)
    found = {"category": outputs[:, :3].softmax(1), "style": outputs[:, 3:]}
    game, fooling = torch.zeros(()), torch.zeros(())
    for name, network in module.discriminators.items():
        p_drawn, p_found = (network(values[name], real.labels).sigmoid() for values in (drawn, found))
        game = game - p_drawn.log().mean() - (1 - p_found).log().mean()
        fooling = fooling - p_found.log().mean()
    torch.testing.assert_close(module.discriminator_loss(real), game)
    torch.testing.assert_close(module.fooling_loss(real), 0.5 * fooling)
    torch.testing.assert_close(
        module.classification_loss(batch(LABELS.abs())), -outputs[:, :3].log_softmax(1)[range(6), LABELS.abs()].mean()
    )


def test_against_a_perfect_discriminator_codes_of_normal_data_become_standard_normal():
    """z = a x + b of x ~ N(0, 1): the perfect logit, log N(z; 0, 1) / N(z; b, a²), is quadratic in z."""
    for a, b in ((3.0, 1.0), (-0.4, -2.0)):
        module = make(
            parts={"code": Normal(1)},
            encoder=partial(LinearEncoder, shape=(1, 1, 1)),
            decoder=partial(LinearGenerator, shape=(1, 1, 1)),
        )
        scale, shift = module.encoder.linear.weight, module.encoder.linear.bias
        optimizer = torch.optim.SGD(module.encoder.parameters(), lr=0.05)
        with torch.no_grad():
            scale.fill_(a), shift.fill_(b)
        generator = torch.Generator().manual_seed(0)
        for _ in range(1000):
            with torch.no_grad():
                a2, m = scale.square().item(), shift.item()
                perfect = [m**2 / (2 * a2) + math.log(a2) / 2, -m / a2, 1 / (2 * a2) - 0.5]
                module.discriminators["code"].weights.copy_(torch.tensor(perfect)[:, None])
            x = torch.randn(256, generator=generator)
            real = ImageBatch(torch.cat([x, -x]).view(-1, 1, 1, 1), torch.full((512,), -1))
            optimizer.zero_grad()
            module.fooling_loss(real).backward()
            optimizer.step()
        assert scale.item() == pytest.approx(math.copysign(1, a), abs=0.03)
        assert shift.item() == pytest.approx(0, abs=0.03)

        # The perfect discriminator is the optimum of the discriminator's loss: its gradient vanishes there.
        with torch.no_grad():
            scale.fill_(1.5), shift.fill_(0.5)
            perfect = [0.25 / 4.5 + math.log(1.5), -0.5 / 2.25, 1 / 4.5 - 0.5]
            module.discriminators["code"].weights.copy_(torch.tensor(perfect)[:, None])
        module.zero_grad()
        many = ImageBatch(torch.randn(400_000, 1, 1, 1, generator=generator), torch.full((400_000,), -1))
        module.discriminator_loss(many).backward()
        assert module.discriminators["code"].weights.grad.abs().max() < 0.02


def test_labels_choose_the_components_of_the_prior_and_reach_the_discriminator():
    part = Mixture(labels=3, radius=10.0, along=0.1, across=0.1)
    module = make(parts={"code": part}, discriminators={"code": partial(Quadratic, classes=3)})
    assert SamplesClasses in module.capabilities()
    drawn = module.prior(LABELS.repeat(50))["code"]
    nearest = torch.cdist(drawn, part.sample_labelled(torch.arange(3))).argmin(1)
    known = LABELS.repeat(50) >= 0
    assert torch.equal(nearest[known], LABELS.repeat(50)[known])
    assert set(nearest[~known].tolist()) == {0, 1, 2}
    real = batch()
    module.discriminator_loss(real).backward()
    assert (module.discriminators["code"].of_label.grad != 0).all()  # also of the unknown label
    images = module.sample(2, torch.tensor([2, 2]), torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        images, module.decode(part.sample_labelled(torch.tensor([2, 2]), torch.Generator().manual_seed(0)))
    )


def test_the_supervised_decoder_gets_the_class_and_the_encoder_the_style_alone():
    module = FORMS[2]()
    real = batch(LABELS.abs())
    codes = module.latent.split(module.codes(real))
    assert torch.equal(codes["label"], F.one_hot(real.labels, 3).float())
    assert torch.equal(codes["style"], module.encoder(real.images))
    assert list(module.discriminators) == ["style"]
    assert Encodes not in module.capabilities()
    assert {(stream.name, stream.pool) for stream in module.streams()} == {("real", "labelled")}
    z = module.drawn(4, torch.tensor([0, 1, 2, 0]), None)
    assert torch.equal(z[:, :3], F.one_hot(torch.tensor([0, 1, 2, 0]), 3).float())


def test_categories_are_classes_with_labels_and_clusters_without():
    labelled, clusters = (
        make(SemiSupervisedAdversarialAutoencoder, CATEGORY, labelled_weight=weight) for weight in (1.0, 0.0)
    )
    assert Classifies in labelled.capabilities()
    assert InfersCodes not in labelled.capabilities()
    assert InfersCodes in clusters.capabilities()
    assert Classifies not in clusters.capabilities()
    assert len(labelled.turns()) == len(clusters.turns()) + 1 == 4
    assert {stream.pool for stream in clusters.streams()} == {"train"}
    images = batch().images
    torch.testing.assert_close(
        clusters.infer_codes(images)["category"], clusters.latent.split(clusters.encode(images))["category"]
    )
    torch.testing.assert_close(labelled.classify(images).softmax(1), labelled.encode(images)[:, :3])


class Fixed(LinearEncoder):
    def __init__(self, width):
        super().__init__(5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoder": Fixed}, "model.encoder: its codes have 5 numbers, but the prior's 2"),
        ({"decoder": partial(LinearGenerator, shape=(1, 1, 4))}, "the encoder's images have .* but the decoder's"),
        (
            {"discriminators": {"code": partial(Quadratic, classes=3)}},
            "the draws of model.latent.code, Normal, have no",
        ),
        ({"discriminators": {"z": Quadratic}}, "model.discriminators.z: the encoder infers no such part"),
        ({"parts": CATEGORY, "discriminators": {"style": Quadratic}}, "model.discriminators.category: missing"),
        (
            {"parts": {"code": Mixture(labels=4)}, "discriminators": {"code": partial(Quadratic, classes=3)}},
            "model.latent.code.labels=4: the discriminator has 3 classes",
        ),
        ({"adversarial_weight": -1.0}, "model.adversarial_weight: numbers of at least 0"),
        ({"kind": SupervisedAdversarialAutoencoder}, "model.latent.label: a Categorical part is needed"),
        ({"kind": SemiSupervisedAdversarialAutoencoder}, "model.latent.category: a Categorical part is needed"),
        ({"kind": SemiSupervisedAdversarialAutoencoder, "parts": CATEGORY, "labelled_weight": -1.0}, "labelled_weight"),
    ],
)
def test_parts_that_do_not_fit_are_one_line(options, message):
    with pytest.raises(GenzooError, match=message) as error:
        make(**options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("model", "overrides", "message"),
    [
        ("aae_clusters", ["model.latent.category.size=1"], "a categorical part needs at least 2 categories, got 1"),
        ("aae_semi", ["model.latent.category.size=7"], "model.latent.category has 7 categories"),
        ("aae_supervised", ["model.latent.label.size=7"], "model.latent.label has 7 categories"),
        (
            "aae_2d",
            ["model.discriminators.code.classes=10", "data.labels_per_class=1", "model.latent.code.labels=9"],
            "model.latent.code.labels=9",
        ),
        (
            "aae_2d",
            ["model.discriminators.code.classes=9", "model.latent.code.labels=9"],
            "use model.discriminators.code.classes=",
        ),
        ("aae_reduction", ["model.distance=0"], "positive numbers are needed"),
        ("aae_reduction", ["model.decoder.categories=100"], "model.decoder.categories=100: the code has"),
    ],
)
def test_wrong_settings_are_one_line(model, overrides, message):
    config = resolved(f"model={model}", *SHAPES, "trainer=smoke", "recipe.batch_size=8", *overrides)
    with pytest.raises(GenzooError, match=message) as error:
        build_module(config).check_data(build_data(config).spec)
    assert "\n" not in str(error.value)
