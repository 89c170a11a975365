"""CVAE-GAN: each loss in closed form, whom it moves, when the class means move, labels, refusals."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.capabilities import Classifies, Decodes, Encodes, Features, Samples, SamplesClasses
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Categorical, Latent, Normal, Uniform
from genzoo.hybrid.class_means import ClassMeans
from genzoo.hybrid.cvae_gan import CVAEGAN
from genzoo.runs.build import build_data, build_module
from support import SHAPES, cpu_trainer, resolved
from support.linear import SHAPE, LinearEncoder, LinearJudge, game_of, gradients_of, images

PLAYERS = ("discriminator", "generator", "encoder", "classifier")
LABELS = torch.tensor([0, 2, 1, 1, 0, 2])


class Encoder(LinearEncoder):
    """Linear in the image, plus a row per class."""

    def __init__(self, outputs, classes, **options):
        super().__init__(outputs, **options)
        self.classes, self.of_class = classes, nn.Linear(classes, outputs, bias=False)

    def forward(self, images, labels):
        return super().forward(images) + self.of_class(labels)


class Classifier(LinearJudge):
    def __init__(self, classes=3, **options):
        super().__init__(outputs=classes, **options)
        self.classes = classes


def make(**options):
    torch.manual_seed(0)
    options = {
        "encoder": Encoder,
        "discriminator": LinearJudge(),
        "classifier": Classifier(),
        "class_means": ClassMeans,
        "latent": Latent(noise=Normal(2), label=Categorical(3)),
        **{"kl_weight": 3.0, "pair_weight": 2.0, "mean_weight": 0.5, "class_mean_weight": 0.25},
    } | options
    return game_of(CVAEGAN, PLAYERS, **options)


def batch():
    return ImageBatch(images(), LABELS)


def drawn(module):
    """The turn of the players, and the arguments of its losses on one draw, with known class means."""
    real = batch()
    tuple(module.move_means(ImageBatch(real.images + 1, LABELS)))
    turn, _ = module.turns()
    (arguments,) = turn.draws(real=real)
    return turn, arguments


def squares(a, b):
    return ((a - b) ** 2).flatten(1).sum(1).mean()


def test_the_four_losses_in_closed_form():
    module = make()
    _, arguments = drawn(module)
    x, made = arguments["real"].images, arguments["made"]
    f_d, f_c = module.discriminator.features, module.classifier.features
    mean, log_std = module.encoder(x, F.one_hot(LABELS, 3).float()).split(2, dim=1)
    kl = (mean**2 + (2 * log_std).exp() - 1 - 2 * log_std).sum(1).mean() / 2
    rebuilt = module.generator(made.codes)
    pair = (squares(x, rebuilt) + squares(f_d(x), f_d(rebuilt)) + squares(f_c(x), f_c(rebuilt))) / 2
    torch.testing.assert_close(module.encoder_loss(**arguments), 3 * kl + 2 * pair)

    of_mean = (f_d(x).mean(0) - f_d(made.generated).mean(0)).square().sum() / 2
    of_class = sum(
        (f_c(x + 1)[c == LABELS].mean(0) - f_c(made.generated)[c == LABELS].mean(0)).square().sum() / 2
        for c in range(3)
    )
    expected = 2 * pair + 0.5 * of_mean + 0.25 * of_class
    torch.testing.assert_close(module.generator_loss(**arguments), expected)

    d, d_rebuilt, d_generated = (module.discriminator(i).sigmoid() for i in (x, rebuilt, made.generated))
    of_d = -d.log().mean() - (1 - d_rebuilt).log().mean() - (1 - d_generated).log().mean()
    torch.testing.assert_close(module.discriminator_loss(**arguments), of_d)
    of_c = -module.classifier(x).log_softmax(1)[range(6), LABELS].mean()
    torch.testing.assert_close(module.classifier_loss(**arguments), of_c)


def test_each_loss_has_gradients_for_its_player_alone():
    module = make()
    turn, arguments = drawn(module)
    assert turn.at_once
    assert gradients_of(module, turn, arguments) == {player: {player} for player in PLAYERS}


def test_features_get_no_gradient_from_the_errors_and_the_generator_none_from_cross_entropies():
    module = make()
    _, arguments = drawn(module)
    judges = [*module.discriminator.parameters(), *module.classifier.parameters()]
    for player in ("generator", "encoder"):
        with module.only(player):
            loss = getattr(module, f"{player}_loss")(**arguments)
        network = list(getattr(module, player).parameters())
        found = torch.autograd.grad(loss, [*judges, *network], allow_unused=True, retain_graph=True)
        assert set(found[: len(judges)]) == {None}
        assert None not in found[len(judges) :]
    for player in ("discriminator", "classifier"):
        loss = getattr(module, f"{player}_loss")(**arguments)
        generator = list(module.generator.parameters())
        assert set(torch.autograd.grad(loss, generator, allow_unused=True)) == {None}


def test_generated_images_and_reconstructions_have_the_classes_of_the_real_ones():
    module = make()
    seen = []
    module.generator.register_forward_pre_hook(lambda network, given: seen.append(given[0]))
    made = module.make(batch())
    for codes in (*seen, made.codes):
        assert torch.equal(codes[:, 2:], F.one_hot(LABELS, 3).float())
    assert len(seen) == 2
    assert not torch.equal(seen[0][:, :2], seen[1][:, :2])


def test_class_means_move_in_the_last_turn_only():
    module = make()
    turn, arguments = drawn(module)
    before = module.class_means.means.clone()
    for loss_of in turn.losses.values():
        loss_of(**arguments)
    assert torch.equal(module.class_means.means, before)
    last = module.turns()[-1]
    assert last.losses == {}
    assert tuple(last.draws(real=arguments["real"])) == ()
    f = module.classifier.features(arguments["real"].images).detach()
    expected = torch.stack([0.9 * before[c] + 0.1 * f[c == LABELS].mean(0) for c in range(3)])
    torch.testing.assert_close(module.class_means.means, expected)


def test_a_round_moves_them_once_and_the_checkpoint_holds_them():
    config = resolved("model=cvae_gan", *SHAPES, "trainer=smoke", "recipe.batch_size=16", "trainer.rounds=1")
    module, data = build_module(config), build_data(config)
    data.setup()
    calls = []
    update = module.class_means.update
    module.class_means.update = lambda features, labels: calls.append(len(labels)) or update(features, labels)
    data.rounds = 1
    cpu_trainer().fit(module, datamodule=data)
    assert calls == [16]
    assert module.state_dict()["class_means.means"].any()


def test_it_encodes_by_the_classifiers_class():
    module = make()
    assert module.capabilities() == {Samples, SamplesClasses, Decodes, Encodes, Features, Classifies}
    x = images()
    labels = module.classifier(x).argmax(1)
    codes = module.latent.split(module.encode(x))
    assert torch.equal(codes["label"], F.one_hot(labels, 3).float())
    torch.testing.assert_close(codes["noise"], module.encoder(x, codes["label"])[:, :2].detach())
    torch.testing.assert_close(module.classify(x), module.classifier(x).detach())
    torch.testing.assert_close(module.features(x), module.classifier.features(x).detach())


def test_it_draws_the_given_classes():
    module = make()
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(2, 2, generator=torch.Generator().manual_seed(1))
    codes = torch.cat([noise, F.one_hot(torch.tensor([2, 0]), 3)], 1)
    torch.testing.assert_close(module.sample(2, torch.tensor([2, 0]), generator), module.generator(codes).detach())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latent": Latent(noise=Normal(2))}, r"model\.latent\.label: a Categorical part is needed"),
        ({"latent": Latent(label=Categorical(3))}, r"latent: at least one named part is needed"),
        ({"latent": Latent(u=Uniform(2), label=Categorical(3))}, r"model\.latent\.u: the prior .* is standard normal"),
        ({"classifier": Classifier(classes=4)}, r"model\.classifier\.classes=4: model\.latent\.label has 3 categories"),
        ({"classifier": LinearJudge(3)}, r"model\.classifier: this model needs a ClassDiscriminator .* no classes"),
        ({"classifier": Classifier(shape=(1, 1, 4))}, r"model\.classifier: its images have .* but the generator's"),
        (
            {"encoder": lambda outputs, classes: Encoder(10, classes)},
            r"model\.encoder: it has 10 outputs, but .* need 4",
        ),
        ({"encoder": partial(Encoder, shape=(1, 1, 4))}, r"model\.encoder: its images have .* but the generator's"),
        (
            {"encoder": lambda outputs, classes: LinearEncoder(outputs)},
            r"model\.encoder: .* needs a ConditionalEncoder",
        ),
        ({"pair_weight": -1.0}, r"model\.pair_weight=-1\.0: a number of at least 0 is needed; 0 = no term"),
    ],
)
def test_what_does_not_fit_is_one_line(options, message):
    with pytest.raises(GenzooError, match=f"^{message}") as error:
        make(**options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (0, r"data=x has no labels, but the model needs them"),
        (4, r"data=x has 4 classes, but model\.latent\.label has 3 categories; use model\.latent\.label\.size=4"),
    ],
)
def test_data_without_labels_or_with_other_classes_are_refused(classes, message):
    with pytest.raises(GenzooError, match=f"^{message}"):
        make().check_data(DataSpec("x", shape=(SHAPE[0], SHAPE[1], SHAPE[1]), classes=classes))


def test_losses_are_float32_and_depend_on_the_whole_batch():
    module = make()
    assert not module.accumulates
    with torch.autocast("cpu", torch.bfloat16):
        turn, arguments = drawn(module)
        assert {loss(**arguments).dtype for loss in turn.losses.values()} == {torch.float32}
