"""LAPGAN: the pyramid, what each level is shown, the order of sampling, the networks."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.lapgan import LAPGAN
from genzoo.adversarial.networks.lapgan import ResidualDiscriminator, ResidualGenerator
from genzoo.adversarial.pyramid import expanded, rebuilt, reduced, residual
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from genzoo.nn.objectives import NonSaturating
from support.gans import SGD

SHAPE = (1, 16, 16)


class Coarse(nn.Module):
    def __init__(self, latent, shape):
        super().__init__()
        self.shape, self.layer = shape, nn.Linear(latent, 16)

    def forward(self, z):
        return self.layer(z).tanh().view(-1, *self.shape)


class Adds(nn.Module):
    """A residual of a gain times the noise."""

    def __init__(self, shape):
        super().__init__()
        self.shape, self.gain = shape, nn.Parameter(torch.tensor(0.1))

    def forward(self, noise, condition):
        assert noise.shape[1:] == condition.shape[1:] == self.shape
        return self.gain * noise


class Mean(nn.Module):
    """The mean of 2 images, weighted."""

    def __init__(self, shape):
        super().__init__()
        self.weights = nn.Parameter(torch.tensor([1.0, -2.0]))

    def forward(self, *images):
        return sum(w * x.square().flatten(1).mean(1) for w, x in zip(self.weights, images, strict=False))


def make(levels=3, shape=SHAPE):
    torch.manual_seed(0)
    return LAPGAN(
        shape=shape,
        levels=levels,
        latent=Latent(noise=Normal(3)),
        coarse_generator=Coarse,
        coarse_discriminator=Mean,
        generator=Adds,
        discriminator=Mean,
        objective=NonSaturating(),
        optimizers={"discriminator": SGD, "generator": SGD},
    ).ready()


def noise(seed=0, n=4):
    return 2 * torch.rand(n, *SHAPE, generator=torch.Generator().manual_seed(seed)) - 1


def test_with_true_residuals_the_pyramid_rebuilds_the_image():
    x = noise().double()
    torch.testing.assert_close(expanded(reduced(x)) + residual(x), x, rtol=0, atol=1e-12)
    middle, coarse = reduced(x), reduced(reduced(x))
    torch.testing.assert_close(rebuilt(coarse, [residual(middle), residual(x)]), x, rtol=0, atol=1e-12)
    constant = torch.full((1, 1, 4, 4), 0.3)
    assert residual(constant).abs().max() < 1e-6


def test_each_level_is_shown_the_details_of_its_resolution():
    module, x = make(), noise()
    sizes = [4, 8, 16]
    for level, turn in enumerate(module.turns()):
        (given,) = turn.draws(real=ImageBatch(x, torch.full((4,), -1)))
        images = F.interpolate(x, sizes[level], mode="area")
        if level:
            condition = F.interpolate(
                F.interpolate(images, sizes[level] // 2, mode="area"), sizes[level], mode="bilinear"
            )
            torch.testing.assert_close(given["condition"][0], condition)
            torch.testing.assert_close(given["real"], images - condition)
        else:
            assert given["condition"] == ()
            torch.testing.assert_close(given["real"], images)
        assert given["fake"].shape == given["real"].shape


def test_the_losses_of_a_level_are_the_objectives_given_its_condition():
    module = make()
    turn = module.turns()[2]
    assert [*turn.losses] == ["discriminator_2", "generator_2"]
    assert not turn.at_once
    (given,) = turn.draws(real=ImageBatch(noise(), torch.full((4,), -1)))
    of = {
        name: (given[name].square() - 2 * given["condition"][0].square()).mean((1, 2, 3)) for name in ("real", "fake")
    }
    d = -of["real"].sigmoid().log().mean() - (1 - of["fake"].sigmoid()).log().mean()
    torch.testing.assert_close(turn.losses["discriminator_2"](**given), d)
    torch.testing.assert_close(turn.losses["generator_2"](**given), -of["fake"].sigmoid().log().mean())
    turn.losses["discriminator_2"](**given).backward()
    assert module.generators[2].gain.grad is None
    assert module.discriminators[2].weights.grad.all()
    assert module.discriminators[1].weights.grad is None


def test_samples_are_refined_from_coarse_to_fine():
    module = make()
    with torch.no_grad():
        for generator in list(module.generators)[1:]:
            generator.gain.zero_()
    codes = module.latent.sample(5, torch.Generator().manual_seed(7))
    expected = F.interpolate(module.generators[0](codes), scale_factor=2, mode="bilinear")
    expected = F.interpolate(expected, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(module.sample(5, generator=torch.Generator().manual_seed(7)), expected.detach())


def test_players_have_an_optimizer_each():
    module = make()
    assert {*module.optimizer_factories} == {*module.players()}
    assert len(module.players()) == 6


@pytest.mark.parametrize("levels", [0, 6])
def test_levels_that_do_not_fit_are_refused(levels):
    with pytest.raises(GenzooError, match=rf"^model\.levels={levels}: "):
        make(levels)


def test_the_discriminator_sees_the_sum_and_small_residuals_are_refused():
    network = ResidualDiscriminator(SHAPE, channels=2).eval()
    h, condition = noise(1), noise(2)
    assert torch.equal(network(h, condition), network(h + condition, torch.zeros_like(h)))
    with pytest.raises(GenzooError, match=r"^model\.levels: residuals of 8 pixels are too small"):
        ResidualDiscriminator((1, 8, 8))


def test_the_layers_of_a_level_are_those_of_the_original():
    generator, discriminator = ResidualGenerator((3, 32, 32)), ResidualDiscriminator((3, 32, 32))
    sizes = [(m.in_channels, m.out_channels, m.kernel_size[0]) for m in generator.layers if isinstance(m, nn.Conv2d)]
    assert sizes == [(4, 64, 7), (64, 64, 7), (64, 3, 5)]
    shapes = [tuple(m.weight.shape) for m in discriminator.layers if isinstance(m, nn.Conv2d | nn.Linear)]
    assert shapes == [(64, 3, 5, 5), (64, 64, 5, 5), (1, 64 * 12 * 12)]
