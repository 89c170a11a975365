"""DualGAN: each player's loss by hand, the order of the updates, refusals."""

from functools import partial

import pytest
import torch
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.nn.objectives import Wasserstein
from genzoo.nn.penalties import GradientPenalty
from genzoo.translation.dualgan import DualGAN
from support.translators import drawn, images, two_way

make = partial(two_way, DualGAN, Wasserstein())


def test_the_losses_are_those_of_the_formula():
    module = make(penalties={"gradient_penalty": GradientPenalty(3.0)}, cycle_weight=7.0, adversarial_weight=2.0)
    with torch.no_grad():
        module.generators["A"].gain.fill_(-0.2)  # so that F is another map than G
    turn, arguments = drawn(module)
    x, y = images(0), images(1)
    g, f = (lambda z: 0.5 * z + 0.1), (lambda z: -0.2 * z + 0.1)

    def score(z, domain):
        return F.conv2d(z, *module.discriminators[domain].layer.parameters()).mean()

    cycle = (f(g(x)) - x).abs().mean() + (g(f(y)) - y).abs().mean()
    expected = 7 * cycle - 2 * (score(g(x), "B") + score(f(y), "A"))
    torch.testing.assert_close(turn.losses["generator"](**arguments), expected)
    critics = score(g(x), "B") - score(y, "B") + score(f(y), "A") - score(x, "A")
    ones = torch.ones(1, 1, 3, 3)  # of a linear critic the gradient of all patches is the same everywhere
    slopes = [F.conv_transpose2d(ones, module.discriminators[of].layer.weight).norm() for of in "AB"]
    penalties = sum(3 * (slope - 1) ** 2 for slope in slopes)
    torch.testing.assert_close(turn.losses["discriminator"](**arguments), critics + penalties)


def test_critics_move_first_and_generators_do_not_learn_from_their_loss():
    turn, arguments = drawn(module := make())
    assert [*turn.losses] == ["discriminator", "generator"]
    assert not turn.at_once
    turn.losses["discriminator"](**arguments).backward()
    assert all(p.grad is None for p in module.generators.parameters())
    turn.losses["generator"](**arguments).backward()
    assert all(p.grad for p in module.generators.parameters())


def test_a_negative_weight_is_refused():
    with pytest.raises(GenzooError, match=r"^model\.cycle_weight=-1"):
        make(cycle_weight=-1.0)
