"""AEGAN: the inverse of a linear generator in closed form, who is trained in which phase, a run cut at the switch."""

import math
from functools import partial
from itertools import pairwise

import pytest
import torch
from torch import nn

from genzoo.adversarial.aegan import AEGAN
from genzoo.adversarial.networks import dcgan
from genzoo.adversarial.networks.dcgan_encoder import Encoder
from genzoo.adversarial.networks.goodfellow import MaxoutDiscriminator
from genzoo.adversarial.rounds import Alternating
from genzoo.core.averages import EMA
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Decodes, Encodes, Features, Samples, ScoresRealism
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from genzoo.data.shapes import Shapes
from genzoo.nn.objectives import NonSaturating
from support import SHAPES, composed, cpu_trainer, same, whole_and_cut
from support.games import AfterEachRound

SHAPE, PICTURE = (1, 2, 3), (1, 16, 16)
ADAM = partial(torch.optim.Adam, lr=0.01)
PLAYERS = ("discriminator", "generator", "encoder")


class Linear(nn.Module):
    """A matrix: of codes to images, of images to codes, or of images to features."""

    shape = SHAPE

    def __init__(self, outputs, inputs, images_out=False):
        super().__init__()
        self.matrix, self.images_out = nn.Parameter(torch.randn(outputs, inputs) / 2), images_out

    def features(self, x):
        return x.flatten(1) @ self.matrix.T

    def forward(self, x):
        y = self.features(x)
        return y.unflatten(1, SHAPE) if self.images_out else y


class Judge(Linear):
    def forward(self, images):
        return self.features(images).sum(1)


def make(code=0.0, image=0.0, feature=0.0, **options):
    torch.manual_seed(0)
    options = {
        "generator": lambda latent: Linear(6, latent, images_out=True),
        "discriminator": Judge(4, 6),
        "encoder": lambda outputs, noise: Linear(outputs, 6),
        "latent": Latent(noise=Normal(2)),
        "objective": NonSaturating(),
        "optimizers": dict.fromkeys(PLAYERS, ADAM),
        "game_rounds": 2,
    } | options
    return AEGAN(code_weight=code, image_weight=image, feature_weight=feature, **options).ready()


def convolutional(**options):
    networks = {
        "generator": partial(dcgan.Generator, shape=PICTURE, channels=2),
        "discriminator": dcgan.Discriminator(PICTURE, channels=2),
        "encoder": partial(Encoder, shape=PICTURE, channels=2),
    }
    return make(**{"code": 1.0, "image": 1.0, "feature": 1.0} | networks | options)


def images(n=5, shape=SHAPE):
    return ImageBatch(torch.rand(n, *shape) * 2 - 1, torch.full((n,), -1))


def matrices(module):
    """A, B and F: images are A z, codes B x, features F x."""
    return (getattr(module, player).matrix.detach() for player in ("generator", "encoder", "discriminator"))


def loss_and_gradient(module, real):
    loss = module.encoder_loss(real)
    (gradient,) = torch.autograd.grad(loss, module.encoder.matrix)
    return loss.detach(), gradient


@pytest.mark.parametrize("term", ["code", "image", "feature"])
def test_losses_and_gradients_of_a_linear_inverse_are_those_of_the_matrices(term, monkeypatch):
    module, real = make(**{term: 3.0}), images()
    z = torch.randn(5, 2)
    monkeypatch.setattr(module.latent, "sample", lambda n, generator=None, device=None: z)
    (a, b, f), x = matrices(module), real.images.flatten(1).T
    if term == "code":  # B A z - z
        left, error, right = torch.eye(2), b @ a @ z.T - z.T, a @ z.T
    elif term == "image":  # A B x - x
        left, error, right = a, a @ b @ x - x, x
    else:  # F (A B x - x)
        left, error, right = f @ a, f @ (a @ b @ x - x), x
    loss, gradient = loss_and_gradient(module, real)
    torch.testing.assert_close(loss, 3 * error.square().mean())
    torch.testing.assert_close(gradient, 3 * 2 / error.numel() * left.T @ error @ right.T)


def test_the_terms_add_up_by_their_weights(monkeypatch):
    real, z = images(), torch.randn(5, 2)
    alone = []
    for weights in ({"code": 1.0}, {"image": 1.0}, {"feature": 1.0}, {"code": 0.5, "image": 2.0, "feature": 3.0}):
        module = make(**weights)
        monkeypatch.setattr(module.latent, "sample", lambda n, generator=None, device=None: z)
        alone.append(loss_and_gradient(module, real))
    for code, image, feature, together in zip(*alone, strict=True):
        torch.testing.assert_close(together, 0.5 * code + 2 * image + 3 * feature)


def test_the_pseudoinverse_has_no_gradient():
    """B = A⁺: B A = 1, and A B x is the image nearest to x; B = (F A)⁺ F: the nearest in features."""
    real = images()
    for weights in ({"code": 1.0}, {"image": 1.0}, {"feature": 1.0}):
        module = make(**weights)
        a, _, f = matrices(module)
        with torch.no_grad():
            module.encoder.matrix.copy_((f @ a).pinverse() @ f if "feature" in weights else a.pinverse())
        loss, gradient = loss_and_gradient(module, real)
        assert gradient.abs().max() < 1e-6, weights
        assert (loss.item() < 1e-10) is ("code" in weights)  # most images are not of the form A z
    module = make(image=1.0)
    loss, gradient = loss_and_gradient(module, ImageBatch(module.decode(torch.randn(5, 2)), real.labels))
    assert gradient.abs().max() > 1e-3  # B is no inverse yet


@pytest.mark.parametrize("weights", [{"code": 1.0}, {"image": 1.0}], ids=str)
def test_the_trained_encoder_is_the_pseudoinverse(weights):
    module, real = make(**weights), images(50)
    a, _, _ = matrices(module)
    optimizer = torch.optim.Adam(module.encoder.parameters(), lr=0.05)
    for _ in range(400):
        optimizer.zero_grad()
        module.encoder_loss(real).backward()
        optimizer.step()
    # From codes alone B is known on the images A z only.
    found = module.encoder.matrix.detach() @ (a if "code" in weights else torch.eye(6))
    expected = torch.eye(2) if "code" in weights else a.pinverse()
    torch.testing.assert_close(found, expected, atol=0.02, rtol=0)
    assert all(p.grad is None for network in (module.generator, module.discriminator) for p in network.parameters())


@pytest.mark.parametrize("batch_norm", ["running", "batch"])
def test_the_generator_is_inverted_as_it_decodes(batch_norm):
    module = convolutional(code=0.0, feature=0.0, batch_norm=batch_norm, averages={"generator": EMA(0.9)})
    with torch.no_grad():
        for parameter in module.averages["generator"].network.parameters():
            parameter.mul_(3)
    real = images(4, PICTURE)
    rebuilt = module.decode(module.infer(real.images).detach())
    assert not torch.allclose(rebuilt, module.generator(module.infer(real.images)), atol=1e-3)
    torch.testing.assert_close(module.encoder_loss(real).detach(), (rebuilt - real.images).square().mean())


def test_the_judged_features_of_an_image_do_not_depend_on_the_other_images():
    module, real = convolutional(batch_norm="batch"), images(4, PICTURE).images
    module.discriminator(real)  # running averages
    torch.testing.assert_close(module.judged(real)[:1], module.judged(real[:1]))


def play(module, rounds, callbacks=()):
    data = Shapes(size=16, channels=1, n_train=64, n_validation=0, n_test=0, batch_size=8, rounds=rounds)
    cpu_trainer(callbacks=list(callbacks)).fit(module, datamodule=data)


def held(module):
    """Parameters and buffers of each network."""
    return {name: {k: v.clone() for k, v in getattr(module, name).state_dict().items()} for name in PLAYERS}


def test_each_phase_trains_its_players_only_and_leaves_the_other_networks_to_the_bit():
    module = convolutional(round=Alternating(discriminator_steps=2))
    batches = [{stream.name: stream.batches for stream in module.streams(round)} for round in (0, 1, 2, 9)]
    assert batches == [{"real": 2}, {"real": 2}, {"real": 1}, {"real": 1}]
    states = [held(module)]
    play(module, 4, [AfterEachRound(lambda trainer, module: states.append(held(module)))])
    trained = [{p for p in PLAYERS if not same(one[p], two[p])} for one, two in pairwise(states)]
    assert trained == [{"discriminator", "generator"}] * 2 + [{"encoder"}] * 2
    assert module.progress.seen == 8 * (2 + 2 + 1 + 1)


def test_codes_and_features_are_the_encoders():
    module, real = convolutional(), images(4, PICTURE)
    assert module.capabilities() == {Samples, Decodes, Encodes, Features, ScoresRealism}
    module.encoder(torch.randn(9, *PICTURE))  # running averages
    codes, features = module.encode(real.images), module.features(real.images)
    module.eval()
    torch.testing.assert_close(codes, module.encoder(real.images).detach())
    torch.testing.assert_close(features, module.encoder.features(real.images).detach())


@pytest.mark.parametrize("at", [3, 4, 6])
def test_a_run_cut_in_either_phase_ends_with_the_weights_of_an_unbroken_one(at, tmp_path, monkeypatch):
    options = (*SHAPES, "model=aegan", "trainer=smoke", "recipe.batch_size=8", "logger=none", "trainer.rounds=8")
    options += ("model.game_rounds=4", "metrics=none", "callbacks.pictures=null", "callbacks.checkpoints.every=1")
    one, two = whole_and_cut(options, at, tmp_path, monkeypatch)
    assert all(same(one[key], two[key]) for key in ("state_dict", "optimizer_states", "progress", "meters"))


def test_what_does_not_fit_is_refused_in_one_line():
    for weight in (-1.0, math.nan):
        with pytest.raises(GenzooError, match=rf"^model\.image_weight={weight}: a number of at least 0 is needed; .*$"):
            make(image=weight)
    with pytest.raises(GenzooError, match=r"^model\.code_weight, image_weight, feature_weight: all are 0; .*$"):
        make()
    with pytest.raises(GenzooError, match=r"^model\.game_rounds=0: a positive integer is needed\.$"):
        make(code=1.0, game_rounds=0)
    judge = MaxoutDiscriminator(SHAPE, units=4)
    with pytest.raises(GenzooError, match=r"^model\.discriminator: this model needs a FeatureNetwork .* no features"):
        make(feature=1.0, discriminator=judge)
    make(image=1.0, discriminator=judge)
    with pytest.raises(GenzooError, match=r"^model\.optimizers: encoder has no optimizer"):
        make(code=1.0, optimizers=dict.fromkeys(PLAYERS[:2], ADAM))
    with pytest.raises(GenzooError, match=r"^model\.game_rounds=2: the run has 2 rounds, none of them for the encoder"):
        play(convolutional(), 2)


def test_the_recipe_has_as_many_rounds_for_the_encoder_as_for_the_game():
    config = composed("model=aegan")
    assert config.recipe.rounds == 2 * config.width.game_rounds
