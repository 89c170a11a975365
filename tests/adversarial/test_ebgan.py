"""EBGAN's losses by hand, on a two-point toy and against autograd."""

import math
from functools import partial

import pytest
import torch

from genzoo.adversarial.ebgan import EBGAN, pulling_away_term
from genzoo.adversarial.networks.mlp import MLPGenerator
from genzoo.adversarial.networks.perceptrons import MLPAutoencoder
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal

SHAPE = (2, 1, 1)


def make(margin=2.0, **options):
    torch.manual_seed(0)
    sgd = partial(torch.optim.SGD, lr=0.1)
    return EBGAN(
        margin=margin,
        generator=partial(MLPGenerator, shape=SHAPE, hidden=[8]),
        discriminator=MLPAutoencoder(SHAPE, encoder=[16, 4], decoder=[16]),
        latent=Latent(noise=Normal(3)),
        optimizers={"discriminator": sgd, "generator": sgd},
        **options,
    ).ready()


def points(*values):
    return torch.tensor(values).view(-1, *SHAPE)


def made(images):
    """Generated images, as the losses take them."""
    return torch.zeros(len(images), 3), images


def real(images):
    return ImageBatch(images, torch.full((len(images),), -1))


def errors(module, images):
    return (module.discriminator(images) - images).flatten(1).square().sum(1)


def test_losses_by_hand():
    x, g = points([1.0, 0.5], [-0.2, 0.3]), points([3.0, -2.0], [0.01, 0.02])
    module = make(margin=2.0)
    high = errors(module, g)
    assert high[0] > 2 > high[1]  # one on each side of the margin
    loss = module.discriminator_loss(real(x), made(g))
    torch.testing.assert_close(loss, errors(module, x).mean() + (2 - high[1]) / 2)
    torch.testing.assert_close(module.generator_loss(real(x), made(g)), high.mean())


def test_the_generators_gradient_goes_through_the_image_and_its_reconstruction():
    module, g = make(), points([0.4, -0.7]).requires_grad_()
    (found,) = torch.autograd.grad(module.generator_loss(real(g.detach()), made(g)), g)
    (wanted,) = torch.autograd.grad(errors(module, g).mean(), g)
    torch.testing.assert_close(found, wanted)
    (without,) = torch.autograd.grad((module.discriminator(g) - g.detach()).square().sum(), g)
    assert not torch.allclose(found, without)


def test_beyond_the_margin_generated_images_have_no_gradient():
    module, x = make(margin=1e-3), points([1.0, 0.5])
    alone = torch.autograd.grad(errors(module, x).mean(), list(module.discriminator.parameters()))
    both = torch.autograd.grad(
        module.discriminator_loss(real(x), made(points([3.0, -2.0]))), list(module.discriminator.parameters())
    )
    for a, b in zip(both, alone, strict=True):
        torch.testing.assert_close(a, b)


def test_the_discriminator_reaches_the_margin_on_two_points():
    """Real images at one point and generated ones at another: energies 0 and m, loss 0."""
    module = make(margin=2.0)
    x, g = points([0.5, 0.5]), points([-0.5, 0.5])
    optimizer = torch.optim.Adam(module.discriminator.parameters(), lr=3e-3)
    for _ in range(600):
        optimizer.zero_grad()
        loss = module.discriminator_loss(real(x), made(g))
        loss.backward()
        optimizer.step()
    assert errors(module, x).item() == pytest.approx(0, abs=0.02)
    assert errors(module, g).item() >= 1.98
    assert loss.item() == pytest.approx(0, abs=0.02)


def test_where_both_are_alike_the_loss_is_the_margin():
    """Theorem 1: at equilibrium, with a constant energy up to m, L_D = m."""
    module, x = make(margin=5.0), points([0.1, 0.2], [0.3, -0.1])
    assert errors(module, x).max() < 5
    assert module.discriminator_loss(real(x), made(x)).item() == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("codes", "term"),
    [
        ([[2.0, 0.0], [5.0, 0.0], [0.1, 0.0]], 1.0),
        ([[1.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 2.0]], 0.0),
        ([[math.cos(a), math.sin(a)] for a in (0, 2 * math.pi / 3, 4 * math.pi / 3)], 0.25),
    ],
)
def test_the_pulling_away_term_is_the_mean_squared_cosine(codes, term):
    codes = torch.tensor(codes)
    assert pulling_away_term(codes).item() == pytest.approx(term, abs=1e-6)
    assert pulling_away_term(codes * torch.tensor([[1.0], [7.0], [0.2]])).item() == pytest.approx(term, abs=1e-6)


def test_random_codes_have_a_term_of_one_over_their_width():
    codes = torch.randn(3000, 5, generator=torch.Generator().manual_seed(0))
    assert pulling_away_term(codes).item() == pytest.approx(1 / 5, rel=0.02)


def test_the_term_is_the_generators_alone():
    with_term, without = make(pulling_away=0.1), make()
    x, g = points([1.0, 0.5]), points([0.3, -0.2], [0.1, 0.4], [-0.5, 0.2])
    torch.testing.assert_close(
        with_term.discriminator_loss(real(x), made(g)), without.discriminator_loss(real(x), made(g))
    )
    difference = with_term.generator_loss(real(x), made(g)) - without.generator_loss(real(x), made(g))
    torch.testing.assert_close(difference, 0.1 * pulling_away_term(without.discriminator.encoder(g)))
    assert (with_term.accumulates, without.accumulates) == (False, True)


@pytest.mark.parametrize("margin", [0, -1.0])
def test_a_margin_that_is_not_positive_is_one_line(margin):
    with pytest.raises(GenzooError, match=rf"model\.margin={margin}: a positive number is needed"):
        make(margin=margin)


def test_a_negative_weight_of_the_term_is_one_line():
    with pytest.raises(GenzooError, match=r"model\.pulling_away=-0\.1: a weight of at least 0 is needed"):
        make(pulling_away=-0.1)
