"""CycleGAN: each player's loss by hand, whom it moves, the order of the updates, refusals."""

from functools import partial

import pytest
import torch
from torch.nn import functional as F

from genzoo.core.errors import GenzooError
from genzoo.nn.objectives import LeastSquares
from genzoo.translation.cyclegan import CycleGAN
from support.translators import Affine, drawn, images, two_way

make = partial(two_way, CycleGAN, LeastSquares())


def test_the_losses_are_those_of_the_formula():
    module = make(cycle_weight=3.0, identity_weight=0.7, adversarial_weight=2.0)
    with torch.no_grad():
        module.generators["A"].gain.fill_(-0.2)  # so that F is another map than G
    turn, arguments = drawn(module)
    x, y = images(0), images(1)
    g, f = (lambda z: 0.5 * z + 0.1), (lambda z: -0.2 * z + 0.1)

    def score(z, domain):
        return F.conv2d(z, *module.discriminators[domain].layer.parameters())

    adversarial = ((score(g(x), "B") - 1) ** 2).mean() / 2 + ((score(f(y), "A") - 1) ** 2).mean() / 2
    cycle = (f(g(x)) - x).abs().mean() + (g(f(y)) - y).abs().mean()
    identity = (g(y) - y).abs().mean() + (f(x) - x).abs().mean()
    expected = 2 * adversarial + 3 * cycle + 0.7 * identity
    torch.testing.assert_close(turn.losses["generator"](**arguments), expected)
    of_real = ((score(x, "A") - 1) ** 2).mean() + ((score(y, "B") - 1) ** 2).mean()
    of_fake = (score(f(y), "A") ** 2).mean() + (score(g(x), "B") ** 2).mean()
    torch.testing.assert_close(turn.losses["discriminator"](**arguments), (of_real + of_fake) / 2)


def test_of_identities_the_cycles_and_the_identity_term_are_zero():
    module = make(generator=lambda **given: Affine(gain=1.0, shift=0.0, **given), adversarial_weight=0.0)
    module.weights["identity"] = 5.0
    turn, arguments = drawn(module)
    assert turn.losses["generator"](**arguments) == 0


def test_each_generator_learns_from_both_cycles():
    module = make(adversarial_weight=0.0, cycle_weight=1.0)
    turn, arguments = drawn(module)
    turn.losses["generator"](**arguments).backward()
    x, y, (gain, shift) = images(0), images(1), (0.5, 0.1)  # of both, which are the same map
    there = gain * torch.stack([x, y]) + shift
    sign = (gain * there + shift - torch.stack([x, y])).sign()
    outer, inner = (sign[0] * there[0]).mean(), (sign[1] * gain * y).mean()  # F in F(G(x)), and in G(F(y))
    torch.testing.assert_close(module.generators["A"].gain.grad, outer + inner)


def test_generators_move_first_and_discriminators_see_translations_from_before():
    module = make()
    turn, arguments = drawn(module)
    assert [*turn.losses] == ["generator", "discriminator"]
    assert not turn.at_once
    before = turn.losses["discriminator"](**arguments)
    with torch.no_grad():
        module.generators["B"].gain.add_(1.0)
    assert torch.equal(turn.losses["discriminator"](**arguments), before)
    before.backward()
    assert all(p.grad is None for p in module.generators.parameters())


def test_discriminators_see_earlier_translations():
    module = make(pool=2)
    _, first = drawn(module)
    earlier = first["made"]["A"].detach()
    with torch.no_grad():
        module.generators["A"].gain.add_(1.0)
    old = 0
    for _ in range(9):  # until both stored images were shown
        _, later = drawn(module)
        shown, new = later["shown"]["A"], later["made"]["A"].detach()
        differs = [image for image, own in zip(shown, new, strict=True) if not torch.equal(image, own)]
        old += sum(any(torch.equal(image, stored) for stored in earlier) for image in differs)
    assert 1 <= old <= 2


def test_domains_of_other_channels_have_no_identity_term():
    colour = (3, 4, 4)
    module = make(target_shape=colour)
    assert module.translate(images(0), "A", "B").shape == (3, *colour)
    with pytest.raises(GenzooError, match=r"^model\.identity_weight=1\.0: the domains have 1 and 3 channels"):
        make(target_shape=colour, identity_weight=1.0)
