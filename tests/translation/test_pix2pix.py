"""pix2pix: each player's loss by hand, what the discriminator sees, the order of the updates."""

import pytest
import torch
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.nn.objectives import NonSaturating
from genzoo.translation.pairs import DataPairs
from genzoo.translation.pix2pix import Pix2Pix
from support.translators import SHAPE, Affine, Patches, adam, pairs


def make(**options):
    torch.manual_seed(0)
    options = {"pairs": DataPairs(SHAPE, SHAPE), "generator": Affine, "discriminator": Patches} | options
    return Pix2Pix(objective=NonSaturating(), optimizers=adam("generator", "discriminator"), **options).ready()


def drawn(module):
    (turn,) = module.turns()
    (arguments,) = turn.draws(real=pairs())
    return turn, arguments


def test_the_losses_are_those_of_the_formula():
    module, real = make(distance_weight=7.0, adversarial_weight=0.5), pairs()
    turn, arguments = drawn(module)
    x, y, g = real.images, real.target, 0.5 * real.images + 0.1
    of_real, of_fake = (F.conv2d(torch.cat([x, z], 1), *module.discriminator.layer.parameters()) for z in (y, g))
    assert of_real.shape == (3, 1, 3, 3)
    d = -(of_real.sigmoid().log().mean() + (1 - of_fake.sigmoid()).log().mean())
    torch.testing.assert_close(turn.losses["discriminator"](**arguments), d)
    expected = 0.5 * -of_fake.sigmoid().log().mean() + 7 * (y - g).abs().mean()
    torch.testing.assert_close(turn.losses["generator"](**arguments), expected)


def test_the_discriminator_moves_first_and_gives_no_gradient_to_the_generator():
    module = make()
    turn, arguments = drawn(module)
    assert [*turn.losses] == ["discriminator", "generator"]
    assert not turn.at_once
    turn.losses["discriminator"](**arguments).backward()
    assert module.generator.gain.grad is None
    assert module.discriminator.layer.weight.grad.any()


def test_only_a_conditional_discriminator_sees_the_source():
    for conditional, inputs in ((True, 2), (False, 1)):
        module = make(conditional=conditional)
        _, arguments = drawn(module)
        assert module.discriminator.inputs == inputs
        swapped = arguments | {"x": arguments["x"].roll(1, 0)}
        same = torch.equal(*(module.discriminator_loss(**given) for given in (arguments, swapped)))
        assert same is not conditional


def test_without_an_adversarial_term_the_gradient_is_that_of_the_distance():
    module = make(adversarial_weight=0.0, distance_weight=1.0)
    turn, arguments = drawn(module)
    turn.losses["generator"](**arguments).backward()
    x, y = arguments["x"], arguments["y"]
    sign = (0.5 * x + 0.1 - y).sign()  # of mean |g x + s - y|, by hand
    torch.testing.assert_close(module.generator.gain.grad, (sign * x).mean())
    torch.testing.assert_close(module.generator.shift.grad, sign.mean())


def test_negative_weights_are_refused():
    with pytest.raises(GenzooError, match=r"^model\.distance_weight=-1"):
        make(distance_weight=-1.0)
