"""VAE/GAN: each loss in closed form, whom it moves, who waits, refusals."""

import math
from functools import partial

import pytest
import torch
from torch.nn import functional as F

from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Decodes, Encodes, Features, Samples
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal, Uniform
from genzoo.hybrid.equilibrium import Equilibrium
from genzoo.hybrid.vaegan import VAEGAN
from genzoo.nn.objectives import Hinge, Minimax, NonSaturating
from genzoo.runs.build import build_data, build_module
from support import resolved
from support.linear import LinearEncoder, LinearGenerator, LinearJudge, game_of, gradients_of, images

PLAYERS = ("discriminator", "generator", "encoder")
ALWAYS = Equilibrium(margin=math.inf)


def make(**options):
    torch.manual_seed(0)
    options = {
        "encoder": LinearEncoder,
        "discriminator": LinearJudge(),
        "latent": Latent(noise=Normal(2)),
        "objective": Minimax(),
        "layer": "first",
        "reconstruction_weight": 0.25,
        "equilibrium": ALWAYS,
    } | options
    return game_of(VAEGAN, PLAYERS, **options)


def drawn(module):
    """The turn, and the arguments of its losses on one draw."""
    (turn,) = module.turns()
    real = ImageBatch(images(), torch.full((6,), -1))
    (arguments,) = turn.draws(real=real)
    return turn, arguments


def by_hand(module, arguments):
    """From the matrices of the linear networks alone: KL, L_f, and D of each kind of image."""
    x, made, judge = arguments["real"].images.flatten(1), arguments["made"], module.discriminator
    w, b = module.encoder.linear.weight, module.encoder.linear.bias
    mean, log_std = (x @ w.T + b).split(2, dim=1)
    torch.testing.assert_close(made.posterior.mean, mean)
    rebuilt = made.codes @ module.generator.linear.weight.T + module.generator.linear.bias
    kl = (mean**2 + (2 * log_std).exp() - 1 - 2 * log_std).sum(1).mean() / 2
    f, d = {}, {}
    for kind, pixels in {"real": x, "rebuilt": rebuilt, "generated": made.generated.flatten(1)}.items():
        f[kind] = pixels @ judge.first.weight.T + judge.first.bias
        d[kind] = judge.head(judge.second(f[kind])).squeeze(1).sigmoid()
    return kl, ((f["real"] - f["rebuilt"]) ** 2).sum(1).mean() / 2, d


@pytest.mark.parametrize("judged", [False, True])
def test_the_three_losses_in_closed_form(judged):
    module = make(judges_reconstructions=judged)
    _, arguments = drawn(module)
    kl, error, d = by_hand(module, arguments)
    fake = torch.cat([d["rebuilt"], d["generated"]]) if judged else d["generated"]
    torch.testing.assert_close(module.encoder_loss(**arguments), kl + error)
    torch.testing.assert_close(module.generator_loss(**arguments), 0.25 * error + (1 - fake).log().mean())
    torch.testing.assert_close(
        module.discriminator_loss(**arguments), -d["real"].log().mean() - (1 - fake).log().mean()
    )
    other = make(judges_reconstructions=judged, objective=NonSaturating())
    torch.testing.assert_close(other.generator_loss(**arguments), 0.25 * error - fake.log().mean())


def test_the_error_is_the_likelihood_of_a_gaussian_without_its_constant():
    module = make(layer="second")
    _, arguments = drawn(module)
    f, g = (module.discriminator.features(x) for x in (arguments["real"].images, arguments["made"].reconstructed))
    nats = -torch.distributions.Normal(g, 1.0).log_prob(f).sum(1).mean()
    found = module.feature_error(arguments["real"], arguments["made"].reconstructed)
    torch.testing.assert_close(found, nats - 5 * math.log(2 * math.pi) / 2)


def test_real_and_generated_images_pass_the_discriminator_together():
    module = make()
    _, arguments = drawn(module)
    module.discriminator_loss(**arguments)
    module.generator_loss(**arguments)
    assert module.discriminator.seen == [18, 18]
    sees = make(judges_reconstructions=False)
    sees.discriminator_loss(**arguments)
    assert sees.discriminator.seen == [12]


@pytest.mark.parametrize("judged", [False, True])
def test_each_loss_has_gradients_for_its_player_alone(judged):
    module = make(judges_reconstructions=judged)
    turn, arguments = drawn(module)
    assert turn.at_once
    assert gradients_of(module, turn, arguments) == {player: {player} for player in PLAYERS}


def test_the_discriminator_gets_nothing_from_the_error_and_the_encoder_nothing_from_the_game():
    module = make(reconstruction_weight=0.0)
    _, arguments = drawn(module)
    game = module.generator_loss(**arguments)
    encoder = list(module.encoder.parameters())
    assert torch.autograd.grad(game, encoder, allow_unused=True, retain_graph=True) == (None, None)
    with module.only("encoder"):
        loss = module.encoder_loss(**arguments)
    judge = module.discriminator.first.weight
    assert torch.autograd.grad(loss, [judge, *encoder], allow_unused=True, retain_graph=True)[0] is None
    # The encoder's gradient is that of KL + L_f, without any of the game.
    kl, error, _ = by_hand(module, arguments)
    torch.testing.assert_close(
        torch.autograd.grad(loss, encoder, retain_graph=True), torch.autograd.grad(kl + error, encoder)
    )


@pytest.mark.parametrize(("logit", "still"), [(0.0, set()), (9.0, {"discriminator"}), (-9.0, {"generator"})])
def test_a_player_far_ahead_waits(logit, still):
    """D gives real images the logit and generated ones its opposite: it is even, far ahead, or far behind."""
    module = make(equilibrium=Equilibrium())
    turn, arguments = drawn(module)
    judge = module.discriminator.head.register_forward_hook(
        lambda head, given, out: torch.cat([0 * out[:6] + logit, 0 * out[6:] - logit]) + 1e-3 * (out - out.detach())
    )
    moved = {player for player, who in gradients_of(module, turn, arguments).items() if who}
    judge.remove()
    assert moved == set(PLAYERS) - still


def test_it_encodes_by_the_mean_and_samples_from_the_prior():
    module = make()
    assert module.capabilities() == {Samples, Decodes, Encodes, Features}
    x = images()
    torch.testing.assert_close(module.encode(x), module.encoder(x)[:, :2].detach())
    torch.testing.assert_close(module.features(x), module.discriminator.features(x).detach())
    z = torch.randn(3, 2, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(
        module.sample(3, generator=torch.Generator().manual_seed(1)), module.generator(z).detach()
    )


def test_codes_are_drawn_from_the_posterior():
    module = make()
    with torch.no_grad():
        module.encoder.linear.weight.zero_()
        module.encoder.linear.bias.copy_(torch.tensor([3.0, -1.0, math.log(0.5), math.log(2.0)]))
    many = ImageBatch(torch.zeros(20_000, 1, 2, 2), torch.full((20_000,), -1))
    codes = module.make(many).codes
    torch.testing.assert_close(codes.mean(0), torch.tensor([3.0, -1.0]), atol=0.05, rtol=0)
    torch.testing.assert_close(codes.std(0), torch.tensor([0.5, 2.0]), atol=0.05, rtol=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoder": lambda outputs: LinearEncoder(6)}, r"model\.encoder: it has 6 outputs, but .* 2 numbers need 4"),
        (
            {"encoder": partial(LinearEncoder, shape=(1, 1, 4))},
            r"model\.encoder: its images .* \(1, 1, 4\), but the ge",
        ),
        (
            {"encoder": lambda outputs: LinearGenerator(2)},
            r"model\.encoder: this model needs a GaussianEncoder .* no ou",
        ),
        ({"discriminator": LinearGenerator(2)}, r"model\.discriminator: this model needs a LayeredDiscriminator"),
        ({"layer": "frist"}, r"model\.layer=frist: the discriminator has no such layer\. Did you mean 'first'\?"),
        ({"objective": Hinge()}, r"model\.objective=Hinge: the equilibrium is one of cross-entropies; use Minimax"),
        ({"reconstruction_weight": -1.0}, r"model\.reconstruction_weight=-1\.0: a number of at least 0 is needed"),
        ({"latent": Latent(u=Uniform(2))}, r"model\.latent\.u: the prior of this model is standard normal"),
        ({"latent": Latent(z=Normal(2, std=3.0))}, r"model\.latent\.z: the prior of this model is standard normal"),
    ],
)
def test_what_does_not_fit_is_one_line(options, message):
    with pytest.raises(GenzooError, match=f"^{message}") as error:
        make(**options)
    assert "\n" not in str(error.value)


def test_its_networks_follow_the_size_of_the_data():
    for size, unit in ((28, 14), (32, 16), (64, 32)):
        config = resolved("model=vaegan", "data=shapes", f"data.size={size}", "data.channels=1")
        module = build_module(config)
        module.check_data(build_data(config).spec)
        assert module.discriminator.trunk.conv1.out_channels == unit


def test_losses_are_float32_and_depend_on_the_whole_batch():
    module = make()
    assert not module.accumulates
    with torch.autocast("cpu", torch.bfloat16):
        turn, arguments = drawn(module)
        assert {loss(**arguments).dtype for loss in turn.losses.values()} == {torch.float32}
    assert F.softplus(torch.zeros(())) == pytest.approx(0.68, abs=0.02)  # the equilibrium is D = 1/2
