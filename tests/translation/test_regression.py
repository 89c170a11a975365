"""Regression: its loss, its directions, and what it restores."""

import pytest
import torch

from genzoo.core.capabilities import Restores, Translates
from genzoo.core.errors import GenzooError
from genzoo.translation.degradations.noise import Noise
from genzoo.translation.pairs import DataPairs
from genzoo.translation.regression import Regression
from support.translators import SHAPE, Affine, adam, images, pairs


def make(**options):
    options = {"pairs": DataPairs(SHAPE, SHAPE), "generator": Affine} | options
    return Regression(optimizers=adam("generator"), **options).ready()


@pytest.mark.parametrize("power", [1, 2])
def test_the_loss_is_the_mean_power_of_the_difference(power):
    module, real = make(power=power), pairs()
    (turn,) = module.turns()
    (arguments,) = turn.draws(real=real)
    expected = ((real.target - (0.5 * real.images + 0.1)).abs() ** power).mean()
    torch.testing.assert_close(turn.losses["generator"](**arguments), expected)


def test_pairs_of_the_data_are_translated_and_degraded_images_restored():
    assert make().capabilities() == {Translates}
    module = make(pairs=Noise(SHAPE, sigma=10))
    assert module.capabilities() == {Restores}
    x = images(0)
    torch.testing.assert_close(module.restore(x), 0.5 * x + 0.1)
    noisy = module.degrade(x, torch.Generator().manual_seed(3))
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(noisy, x + noise * 10 / 127.5)


def test_the_degraded_image_is_the_source_and_the_image_the_target():
    module = make(pairs=Noise(SHAPE, sigma=10))
    torch.manual_seed(0)
    (arguments,) = module.draws(real=pairs())
    torch.manual_seed(0)
    torch.testing.assert_close(arguments["x"], images(0) + torch.randn(3, *SHAPE) * 10 / 127.5)
    assert torch.equal(arguments["y"], images(0))


def test_a_network_for_any_size_restores_images_of_other_sizes():
    module = make(pairs=Noise(SHAPE, sigma=10))
    module.generator.shape = (1, None, None)
    x = torch.rand(2, 1, 3, 7)
    torch.testing.assert_close(module.restore(x), 0.5 * x + 0.1)
    with pytest.raises(GenzooError, match=r"\(3, 3, 7\) were given, but domain A has \(1, any, any\)\.$"):
        module.restore(x.expand(-1, 3, -1, -1))


def test_other_powers_are_refused():
    with pytest.raises(GenzooError, match=r"^model\.power=3: 1 .* or 2 .* is needed\.$"):
        make(power=3)
