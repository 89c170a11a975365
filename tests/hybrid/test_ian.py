"""IAN: each loss in closed form, whom it moves, the two turns, refusals."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Decodes, Encodes, Features, Samples
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal, Uniform
from genzoo.hybrid.ian import IAN
from genzoo.nn.minibatch import MinibatchDiscrimination
from genzoo.runs.build import build_module
from support import SHAPES, resolved
from support.linear import LinearJudge, game_of, gradients_of, images

PLAYERS = ("discriminator", "generator", "encoder")


class Judge(LinearJudge):
    """Its two layers are maps of one pixel."""

    width = 5

    def __init__(self, classes=3):
        super().__init__(outputs=classes)
        self.classes = classes

    def feature_maps(self, images):
        return [self.output_of(name, images)[:, :, None, None] for name in self.names]


class Encoder(nn.Linear):
    def __init__(self, features, outputs):
        super().__init__(features, outputs)
        self.outputs = outputs


def squares(network):
    """Stands for the penalty: a number that names the network."""
    return 0.01 * sum(p.square().sum() for p in network.parameters())


def make(**options):
    torch.manual_seed(0)
    options = {
        "encoder": Encoder,
        "discriminator": Judge(),
        "latent": Latent(noise=Normal(2)),
        "orthogonality": squares,
        **{"image_weight": 3.0, "feature_weight": 0.5, "adversarial_weight": 2.0},
    } | options
    return game_of(IAN, PLAYERS, **options)


def drawn(module):
    """Each turn with the arguments of its losses on one draw."""
    real = ImageBatch(images(), torch.full((6,), -1))
    for turn in module.turns():
        (arguments,) = turn.draws(real=real)
        yield turn, arguments


def test_the_three_losses_in_closed_form():
    module = make()
    (_, arguments), _ = drawn(module)
    x, made, judge = arguments["real"].images, arguments["made"], module.discriminator
    rebuilt, generated = module.generator(made.codes), made.generated

    def nats(pixels, kind):
        logits = judge.head(judge.features(pixels))
        return (logits.logsumexp(1) - logits[:, kind]).mean()

    of_d = nats(x, 0) + nats(rebuilt, 1) + nats(generated, 2) + squares(judge)
    torch.testing.assert_close(module.discriminator_loss(**arguments), of_d)

    first, second = (
        (judge.output_of(name, x) - judge.output_of(name, rebuilt)).square().mean() for name in judge.names
    )
    errors = 3 * 2 * (x - rebuilt).abs().mean() + 0.5 * (first + second) / 2
    of_g = 2 * (nats(rebuilt, 0) + nats(generated, 0)) + errors + squares(module.generator)
    torch.testing.assert_close(module.generator_loss(**arguments), of_g)

    mean, log_std = module.encoder(judge.features(x)).split(2, dim=1)
    kl = (mean**2 + (2 * log_std).exp() - 1 - 2 * log_std).mean() / 2
    torch.testing.assert_close(module.encoder_loss(**arguments), 2 * nats(rebuilt, 0) + errors + kl)


def test_the_encoder_moves_in_both_turns_and_each_loss_has_gradients_for_its_player_alone():
    module = make()
    turns = list(drawn(module))
    assert [list(turn.losses) for turn, _ in turns] == [["generator", "encoder"], ["discriminator", "encoder"]]
    assert all(turn.at_once for turn, _ in turns)
    for turn, arguments in turns:
        assert gradients_of(module, turn, arguments) == {player: {player} for player in turn.losses}


def test_the_discriminator_gets_nothing_from_errors_and_inference():
    module = make(orthogonality=lambda network: 0.0)
    (_, arguments), _ = drawn(module)
    judge = list(module.discriminator.parameters())
    for player in ("generator", "encoder"):
        with module.only(player):
            loss = getattr(module, f"{player}_loss")(**arguments)
        own = list(getattr(module, player).parameters())
        found = torch.autograd.grad(loss, [*judge, *own], allow_unused=True, retain_graph=True)
        assert set(found[: len(judge)]) == {None}
        assert None not in found[len(judge) :]
    made = arguments["made"]
    (codes,) = torch.autograd.grad(made.codes.sum(), judge[:1], allow_unused=True, retain_graph=True)
    assert codes is None
    others = [*module.generator.parameters(), *module.encoder.parameters()]
    loss = module.discriminator_loss(**arguments)
    assert set(torch.autograd.grad(loss, others, allow_unused=True)) == {None}


def test_a_discriminator_that_knows_the_classes_loses_nothing_and_one_that_does_not_log_3_each():
    module = make(orthogonality=lambda network: 0.0)
    (_, arguments), _ = drawn(module)
    nn.init.zeros_(module.discriminator.head.weight)
    nn.init.zeros_(module.discriminator.head.bias)
    assert module.discriminator_loss(**arguments).item() == pytest.approx(3 * math.log(3))
    kinds = iter((0, 1, 2))
    module.discriminator.head.register_forward_hook(
        lambda head, given, out: 99 * F.one_hot(torch.full((6,), next(kinds)), 3).float()
    )
    assert module.discriminator_loss(**arguments).item() == pytest.approx(0, abs=1e-6)


def test_it_encodes_by_the_mean_from_the_discriminators_features():
    module = make()
    assert module.capabilities() == {Samples, Decodes, Encodes, Features}
    x = images()
    features = module.discriminator.features(x)
    torch.testing.assert_close(module.encode(x), module.encoder(features)[:, :2].detach())
    torch.testing.assert_close(module.features(x), features.detach())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"encoder": lambda features, outputs: Encoder(features, 6)},
            r"model\.encoder: it has 6 outputs, but .* need 4",
        ),
        ({"encoder": lambda features, outputs: nn.Linear(features, outputs)}, r"model\.encoder: .* needs a FeatureEnc"),
        ({"discriminator": Judge(classes=2)}, r"model\.discriminator\.classes=2: .* real, reconstructed, generated"),
        ({"discriminator": LinearJudge(3)}, r"model\.discriminator: this model needs a IntrospectiveDiscriminator"),
        ({"latent": Latent(u=Uniform(2))}, r"model\.latent\.u: the prior of this model is standard normal"),
        ({"image_weight": -1.0}, r"model\.image_weight=-1\.0: a number of at least 0 is needed; 0 = no term"),
    ],
)
def test_what_does_not_fit_is_one_line(options, message):
    with pytest.raises(GenzooError, match=f"^{message}") as error:
        make(**options)
    assert "\n" not in str(error.value)


def test_its_minibatch_discrimination_is_initialised_from_data():
    module = build_module(resolved("model=ian", *SHAPES, "trainer=smoke"))
    (similarity,) = (m for m in module.discriminator.modules() if isinstance(m, MinibatchDiscrimination))
    before = similarity.bias.clone()
    module.initialise(torch.rand(20, 1, 28, 28) * 2 - 1)
    assert not torch.equal(similarity.bias, before)
    assert not module.accumulates


def test_losses_are_float32():
    module = make()
    with torch.autocast("cpu", torch.bfloat16):
        for turn, arguments in drawn(module):
            assert {loss(**arguments).dtype for loss in turn.losses.values()} == {torch.float32}
