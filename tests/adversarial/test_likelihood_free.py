"""Likelihood-free variational inference, against a posterior in closed form."""

from functools import partial

import pytest
import torch
from torch import nn

from genzoo.adversarial.likelihood_free import LikelihoodFreeGAN
from genzoo.adversarial.networks import mlp
from genzoo.adversarial.networks.variational import GaussianWeights, RatioEstimator
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal

SHAPE = (2, 1, 1)
SGD = partial(torch.optim.SGD, lr=0.1)


class Shift(nn.Module):
    """x = θ + noise: a generator with two weights."""

    shape = SHAPE

    def __init__(self, latent):
        super().__init__()
        self.theta = nn.Parameter(torch.zeros(2))

    def forward(self, z):
        return (z + self.theta).view(-1, *SHAPE)


class Exact(nn.Module):
    """log p(x|θ) up to a function of x alone."""

    shape = SHAPE

    def __init__(self):
        super().__init__()
        self.offset = nn.Parameter(torch.zeros(()))

    def forward(self, images, weights):
        return -(images.flatten(1) - weights).square().sum(1) / 2 + self.offset


def make(observations, network=Shift, discriminator=None):
    return LikelihoodFreeGAN(
        observations=observations,
        generator=partial(GaussianWeights, network=network, std=0.5),
        discriminator=discriminator or (lambda weights: Exact()),
        latent=Latent(noise=Normal(2)),
        optimizers={"discriminator": SGD, "generator": SGD},
    ).ready()


def images(n):
    return ImageBatch(torch.randn(n, *SHAPE) + torch.tensor([1.0, -2.0]).view(SHAPE), torch.full((n,), -1))


def test_with_the_exact_ratio_the_posterior_is_bayes():
    real = images(10)
    module = make(observations=10)
    optimizer = torch.optim.Adam(module.generator.parameters(), lr=0.03)
    repeated = ImageBatch(real.images.repeat(100, 1, 1, 1), real.labels.repeat(100))
    for _ in range(300):
        optimizer.zero_grad()
        module.generator_loss(repeated).backward()
        optimizer.step()
    # The prior N(0, 1) and ten observations of unit variance: N(Σ x / 11, 1 / 11).
    assert torch.allclose(module.generator.mean, real.images.flatten(1).sum(0) / 11, atol=0.05)
    assert torch.allclose(module.generator.log_std.exp(), torch.full((2,), 11**-0.5), rtol=0.05)


def test_with_a_learned_ratio_the_generator_moves_to_the_data():
    module = make(5000, discriminator=partial(RatioEstimator, SHAPE, hidden=[16]))
    players = {"discriminator": 5e-3, "generator": 1e-2}
    optimizers = {name: torch.optim.Adam(getattr(module, name).parameters(), lr=lr) for name, lr in players.items()}
    for _ in range(400):
        real = images(128)
        for name, optimizer in optimizers.items():
            module.zero_grad()
            getattr(module, f"{name}_loss")(real).backward()
            optimizer.step()
    assert torch.allclose(module.generator.mean, torch.tensor([1.0, -2.0]), atol=0.4)
    assert (module.generator.log_std.exp() < 0.4).all()  # of 0.5 at first


def test_the_divergence_is_that_of_torch():
    module = make(observations=10)
    with torch.no_grad():
        module.generator.mean.copy_(torch.tensor([0.3, -1.0]))
        module.generator.log_std.copy_(torch.tensor([-0.5, 0.2]))
    q = torch.distributions.Normal(module.generator.mean, module.generator.log_std.exp())
    expected = torch.distributions.kl_divergence(q, torch.distributions.Normal(torch.zeros(2), torch.ones(2))).sum()
    assert module.generator.divergence().item() == pytest.approx(expected.item(), rel=1e-6)


def test_the_ratio_is_best_where_it_is_exact():
    """With real images from N(0, 1) and images from N(θ, 1), r = θx - θ² / 2."""
    module = make(observations=10)
    real = ImageBatch(torch.randn(40_000, *SHAPE), torch.full((40_000,), -1))

    def loss(scale, shift):
        def ratio(images, weights):
            return scale * (images.flatten(1) * weights - weights.square() / 2).sum(1) + shift

        module.discriminator.forward = ratio
        torch.manual_seed(0)
        return module.discriminator_loss(real).item()

    best = loss(1.0, 0.0)
    assert all(loss(*other) > best for other in [(0.8, 0.0), (1.2, 0.0), (1.0, 0.1), (1.0, -0.1)])


def test_images_and_weights_go_together():
    module = make(observations=10)
    seen = []
    module.discriminator.forward = lambda images, weights: seen.append((images, weights)) or images.sum((1, 2, 3))
    real, z = images(5), torch.randn(5, 4)
    module.discriminator_loss(real, (z, module.generator(z)))
    (fake, of_fake), (data, of_real) = seen
    assert torch.allclose(fake.flatten(1), z[:, :2] + of_fake)
    assert torch.allclose(of_fake, 0.5 * z[:, 2:])
    assert torch.equal(data, real.images)
    assert torch.equal(of_real, of_fake)


def test_each_player_has_gradients_of_its_own():
    network = partial(mlp.MLPGenerator, shape=SHAPE, hidden=[3])
    module = make(10, network, partial(RatioEstimator, SHAPE, hidden=[4]))
    real = images(6)
    found = torch.autograd.grad(module.discriminator_loss(real), list(module.generator.parameters()), allow_unused=True)
    assert found == (None, None)
    module.generator_loss(real).backward()
    assert all(p.grad.abs().sum() > 0 for p in module.generator.parameters())


def test_each_image_has_its_own_weights():
    network = partial(mlp.MLPGenerator, shape=SHAPE, hidden=[3])
    generator = GaussianWeights(2, network, std=0.3)
    z = torch.randn(4, 19)
    for code, image, weights in zip(z, generator(z), generator.weights(z), strict=True):
        assert torch.allclose(weights, generator.mean + 0.3 * code[2:], atol=1e-6)
        one = network(latent=2)
        nn.utils.vector_to_parameters(weights.detach(), one.parameters())
        assert torch.allclose(one(code[None, :2])[0], image, atol=1e-6)


def test_the_code_has_a_number_per_weight():
    module = make(10, partial(mlp.MLPGenerator, shape=SHAPE, hidden=[3]))
    assert {name: part.size for name, part in module.latent.parts.items()} == {"noise": 2, "weights": 9 + 8}
    mean = torch.zeros(1, 19)
    assert torch.equal(module.generator.weights(mean)[0], module.generator.mean)


def test_bad_settings_are_refused():
    with pytest.raises(GenzooError, match=r"model\.observations=0: a positive integer is needed"):
        make(observations=0)
    with pytest.raises(GenzooError, match=r"model\.generator\.std=0: a positive number is needed"):
        GaussianWeights(2, Shift, std=0)
    with pytest.raises(GenzooError, match=r"model\.discriminator: this model needs a WeightedDiscriminator"):
        make(1, discriminator=lambda weights: mlp.MLPDiscriminator(SHAPE, hidden=[4]))
    with pytest.raises(GenzooError, match=r"model\.generator: this model needs a RandomGenerator"):
        LikelihoodFreeGAN(1, Shift, RatioEstimator, Latent(noise=Normal(2)), optimizers={})
