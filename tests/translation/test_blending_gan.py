"""The GAN of GP-GAN: its losses by hand, the critic's steps and bounds, refusals."""

import pytest
import torch
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.nn.objectives import Wasserstein
from genzoo.translation.blending_gan import BlendingGAN
from genzoo.translation.degradations.pasted import Pasted
from support.translators import SHAPE, Affine, Patches, adam, pairs


def make(**options):
    torch.manual_seed(0)
    options = {"conditional": False, "power": 2, "distance_weight": 0.75, "adversarial_weight": 0.25} | options
    networks = {"pairs": Pasted(SHAPE), "generator": Affine, "discriminator": Patches}
    players = adam("generator", "discriminator")
    return BlendingGAN(objective=Wasserstein(), optimizers=players, **networks, **options).ready()


def test_the_losses_are_those_of_the_formula():
    module, y = make(), pairs().images
    critic, generator = module.turns()
    (arguments,) = critic.draws(real=pairs())
    x = y.clone()
    x[:, :, 1:3, 1:3] = y[[2, 0, 1]][:, :, 1:3, 1:3]
    g = 0.5 * x + 0.1

    def score(images):
        return F.conv2d(images, *module.discriminator.layer.parameters()).mean()

    torch.testing.assert_close(critic.losses["discriminator"](**arguments), score(g) - score(y))
    expected = 0.75 * (y - g).square().mean() - 0.25 * score(g)
    torch.testing.assert_close(generator.losses["generator"](**arguments), expected)


def test_only_the_generators_turn_has_gradients_of_its_images():
    critic, generator = make().turns()
    ((of_critic,), (of_generator,)) = critic.draws(real=pairs()), generator.draws(real=pairs())
    assert (of_critic["translated"].requires_grad, of_generator["translated"].requires_grad) == (False, True)
    assert torch.equal(of_critic["translated"], of_generator["translated"])


def test_the_critic_moves_more_often_and_alone_has_clipped_weights():
    module = make(critic_steps=3, weight_clip=0.02)
    critic, generator = module.turns()
    assert (critic.repeats_in(0), generator.repeats_in(0)) == (3, 1)
    assert ([*critic.losses], [*generator.losses]) == (["discriminator"], ["generator"])
    with torch.no_grad():
        module.generator.gain.fill_(0.5)
        module.discriminator.layer.weight.fill_(0.5)
    module.after_step("generator")
    assert module.discriminator.layer.weight.eq(0.5).all()
    module.after_step("discriminator")
    assert module.discriminator.layer.weight.allclose(torch.tensor(0.02))
    assert module.generator.gain == 0.5
    scheduled = make(critic_steps=lambda rounds: 100 - rounds).turns()[0]
    assert [scheduled.repeats_in(rounds) for rounds in (0, 95)] == [100, 5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"critic_steps": 0}, r"^model\.critic_steps=0: a positive integer is needed"),
        ({"weight_clip": -1}, r"^model\.weight_clip=-1: a positive bound is needed"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    with pytest.raises(GenzooError, match=message):
        make(**options)
