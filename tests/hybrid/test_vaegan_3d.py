"""3D-VAE-GAN: the losses of encoder and generator by hand, whom they move, pictures that are asked for, refusals."""

import pytest
import torch
from torch import distributions

from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal, UnitUniform
from genzoo.hybrid.vaegan_3d import VAEGAN3D
from support.linear import gradients_of
from support.zoo import built


@pytest.fixture
def model():
    module = built("vae_gan_3d").module
    module.configure_optimizers()
    return module


@pytest.fixture
def real():
    data = built("vae_gan_3d").data
    found = data.split("train").at(slice(8))
    return found._replace(images=found.images * 2.0 - 1)


def by_hand(model, real):
    """KL(q || p), and the distance between volumes, from one draw with the present random numbers."""
    numbers = model.encoder(real.given["picture"] / 127.5 - 1)
    mean, std = numbers[:, :200], numbers[:, 200:].exp()
    kl = distributions.kl_divergence(distributions.Normal(mean, std), distributions.Normal(0.0, 1.0)).sum(1).mean()
    cells = (model.generator(mean + std * torch.randn_like(mean)) + 1) / 2
    pairs = zip(cells, (real.images > 0).float(), strict=True)
    return kl, torch.stack([(a - b).square().sum().sqrt() for a, b in pairs]).mean()


def test_the_encoders_loss_is_the_weighted_sum(model, real):
    assert (model.kl_weight, model.reconstruction_weight) == (5.0, 1e-4)
    model.reconstruction_weight = 0.5
    torch.manual_seed(1)
    found = model.encoder_loss(real)
    torch.manual_seed(1)
    kl, distance = by_hand(model, real)
    torch.testing.assert_close(found, 5 * kl + 0.5 * distance)


def test_the_generators_loss_is_that_of_the_game_and_the_distance(model, real):
    model.reconstruction_weight = 0.5
    torch.manual_seed(1)
    found = model.generator_loss(real)
    torch.manual_seed(1)
    logits = model.discriminator(model.generator(torch.randn(8, 200)))
    game = (1 - logits.sigmoid()).log().mean()
    torch.testing.assert_close(found, game + 0.5 * by_hand(model, real)[1])


def test_the_turns_move_discriminator_encoder_and_generator_in_this_order(model, real):
    turns = model.turns()
    assert [[*turn.losses] for turn in turns] == [["discriminator"], ["encoder"], ["generator"]]
    for turn in turns:
        (player,) = turn.losses
        (arguments,) = turn.draws(real=real)
        assert gradients_of(model, turn, arguments) == {player: {player}}
    assert {stream for turn in turns for stream in turn.streams} == {turns[0].streams[0]}  # one batch for all


def test_a_volume_is_drawn_of_its_own_picture(model, real):
    """With a posterior without spread, it is the generator's volume of the mean."""
    model.encoder.layers[-2].bias.data[200:] = -30
    pictures = real.given["picture"]
    drawn = model.sample_given({"picture": pictures})
    with model.inference():
        expected = model.generator(model.encoder(pictures / 127.5 - 1)[:, :200])
    torch.testing.assert_close(drawn, expected)
    torch.testing.assert_close(drawn[3:4], model.sample_given({"picture": pictures[3:4]}))


def test_pictures_of_another_size_are_refused(model):
    with pytest.raises(GenzooError, match=r"^picture: levels of .*\(n, 1, 64, 64\) are needed, not \(2, 1, 32, 32\)"):
        model.sample_given({"picture": torch.zeros(2, 1, 32, 32, dtype=torch.uint8)})


def test_data_without_pictures_or_with_others_are_refused(model):
    spec = built("vae_gan_3d").data.spec
    with pytest.raises(GenzooError, match=r"^data=pictured_solids has no pictures, .*data=pictured_solids\.$"):
        model.check_data(spec._replace(given={}))
    with pytest.raises(
        GenzooError, match=r"^data=pictured_solids has pictures of .*\(1, 32, 32\), but .*\(1, 64, 64\)"
    ):
        model.check_data(spec._replace(given={"picture": (1, 32, 32)}))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latent": Latent(noise=UnitUniform(200))}, r"model\.latent\.noise: the prior of this model is standard"),
        ({"kl_weight": -1.0}, r"model\.kl_weight=-1\.0: a number of at least 0"),
        ({"latent": Latent(noise=Normal(3))}, r"model\.encoder: it has 400 outputs"),
    ],
)
def test_settings_are_checked(model, options, message):
    given = {"generator": lambda latent: model.generator, "optimizers": model.optimizer_factories}
    given |= {key: getattr(model, key) for key in ("discriminator", "latent", "objective")}
    given["encoder"] = lambda outputs: model.encoder
    with pytest.raises(GenzooError, match=f"^{message}"):
        VAEGAN3D(**given | options)
