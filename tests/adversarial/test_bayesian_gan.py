"""Posteriors of a Bayesian GAN's players, against products of probabilities."""

from functools import partial

import pytest
import torch
from torch import nn

from genzoo.adversarial.bayesian_gan import BayesianGAN
from genzoo.adversarial.networks import mlp
from genzoo.adversarial.networks.copies import Copies
from genzoo.adversarial.rounds import Shared
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Categorical, Latent, Normal

SHAPE = (2, 1, 1)
N, J, COPIES, BATCH = 50, 3, 2, 4


def make(**options):
    sgd = partial(torch.optim.SGD, lr=0.1)
    options = {
        "observations": N,
        "draws": J,
        "prior_std": 0.7,
        "latent": Latent(noise=Normal(3), generator=Categorical(COPIES)),
    } | options
    return (
        BayesianGAN(
            generator=partial(
                Copies, network=partial(mlp.MLPGenerator, shape=SHAPE, hidden=[5]), copies=options.pop("copies", COPIES)
            ),
            discriminator=mlp.MLPDiscriminator(SHAPE, hidden=[6]),
            optimizers={"discriminator": sgd, "generator": sgd},
            **options,
        )
        .ready()
        .double()
    )


REAL = ImageBatch(torch.rand(BATCH, *SHAPE, dtype=torch.float64) * 2 - 1, torch.full((BATCH,), -1))


def codes():
    """A code per generator, draw and image."""
    return torch.randn(COPIES, J * BATCH, 3 + COPIES, dtype=torch.float64)


def probability(module, image):
    return module.discriminator(image[None]).sigmoid()[0]


def log_prior(network):
    """Up to its value at 0, which no gradient depends on."""
    normal = torch.distributions.Normal(*torch.tensor([0.0, 0.7], dtype=torch.float64))
    return sum((normal.log_prob(p) - normal.log_prob(torch.zeros_like(p))).sum() for p in network.parameters())


def made_by(module):
    z = codes()
    return z, module.generator.each(z)


POWER = pytest.mark.parametrize("power", [None, 1.5])


@POWER
def test_the_generators_loss_is_the_log_posterior(power):
    module, power = make(power=power), power or BATCH
    z, images = made_by(module)
    expected = 0
    for k, member in enumerate(module.generator.members):
        likelihood = 0
        for j in range(J):
            product = 1
            for i in range(BATCH):
                image = member(z[k, j * BATCH + i, :3][None])[0]
                assert torch.allclose(image, images[k, j * BATCH + i])
                product = product * probability(module, image)
            likelihood = likelihood + product ** (power / BATCH) / J
        expected = expected - likelihood.log() / power - log_prior(member) / N
    found = module.generator_loss(REAL, (z, images))
    assert found.item() == pytest.approx(expected.item(), rel=1e-9)
    parameters = list(module.generator.parameters())
    for a, b in zip(torch.autograd.grad(found, parameters), torch.autograd.grad(expected, parameters), strict=True):
        assert torch.allclose(a, b, atol=1e-10)


@POWER
def test_the_discriminators_loss_is_the_log_posterior(power):
    module, power = make(power=power), power or BATCH
    made = made_by(module)
    likelihood = 0
    for k in range(COPIES):
        for j in range(J):
            product = 1
            for i in range(BATCH):
                fake = probability(module, made[1][k, j * BATCH + i])
                product = product * probability(module, REAL.images[i]) * (1 - fake)
            likelihood = likelihood + product ** (power / BATCH) / (J * COPIES)
    expected = -likelihood.log() / power - log_prior(module.discriminator) / N
    assert module.discriminator_loss(REAL, made).item() == pytest.approx(expected.item(), rel=1e-9)
    loss = module.discriminator_loss(REAL, made)
    assert torch.autograd.grad(loss, list(module.generator.parameters()), allow_unused=True) == (None,) * 8


@pytest.mark.parametrize("round", [{}, {"round": Shared()}])
def test_each_generator_has_a_gradient_of_its_own(round):
    module = make(latent=Latent(noise=Doubles(3), generator=Categorical(COPIES)), **round)
    turn = module.turns()[-1]
    (arguments,) = turn.draws(real=REAL)
    turn.losses["generator"](**arguments).backward()
    gradients = [torch.cat([p.grad.flatten() for p in m.parameters()]) for m in module.generator.members]
    assert all(g.abs().max() > 0 for g in gradients)
    assert not torch.allclose(*gradients)


class Doubles(Normal):
    """Normal noise in double precision, as the networks of this test."""

    def sample(self, *args, **options):
        return super().sample(*args, **options).double()


class Level(nn.Module):
    """A generator of one value."""

    shape = SHAPE

    def __init__(self, latent):
        super().__init__()
        self.value = nn.Parameter(torch.zeros(()))

    def forward(self, z):
        return self.value.expand(len(z), *SHAPE)


def test_samples_choose_generators_with_equal_probability():
    module = make(latent=Latent(noise=Normal(3), generator=Categorical(4)), copies=4).float()
    module.generator.members = nn.ModuleList([Level(3) for _ in range(4)])
    with torch.no_grad():
        for i, member in enumerate(module.generator.members):
            member.value.fill_(i / 4)
    samples = module.sample(4000, generator=torch.Generator().manual_seed(0))[:, 0, 0, 0]
    counts = torch.bincount((4 * samples).long(), minlength=4)
    assert (counts > 900).all(), counts


def test_the_code_decides_the_generator():
    generator = Copies(5, partial(mlp.MLPGenerator, shape=SHAPE, hidden=[4]), copies=2)
    z = torch.randn(6, 5)
    z[:, 3:] = torch.eye(2)[torch.tensor([0, 1, 1, 0, 0, 1])]
    images = generator(z)
    for row, image in zip(z, images, strict=True):
        member = generator.members[int(row[4])]
        assert torch.allclose(image, member(row[:3][None])[0], atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"observations": 0}, r"model\.observations=0: a positive integer is needed"),
        ({"draws": 0}, r"model\.draws=0: a positive integer is needed"),
        ({"prior_std": 0.0}, r"model\.prior_std=0\.0: a positive number is needed"),
        ({"power": 0}, r"model\.power=0: a positive number is needed, or null"),
        ({"copies": 0}, r"model\.generator\.copies=0: a positive integer is needed"),
        (
            {"latent": Latent(noise=Normal(3))},
            r"model\.latent\.noise: the last part chooses one of the 2 generators, but has the size 3",
        ),
    ],
)
def test_bad_settings_are_refused(options, message):
    with pytest.raises(GenzooError, match=message):
        make(**options)


def test_a_single_generator_is_refused():
    with pytest.raises(GenzooError, match=r"model\.generator: this model needs a Copies"):
        BayesianGAN(
            observations=N,
            generator=partial(mlp.MLPGenerator, shape=SHAPE, hidden=[4]),
            discriminator=mlp.MLPDiscriminator(SHAPE, hidden=[4]),
            latent=Latent(noise=Normal(3)),
            optimizers={},
        )
