"""BiGAN and ALI: losses by hand, the optimum in closed form, and who learns from what."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.bidirectional import BidirectionalGAN
from genzoo.adversarial.networks import ali, bigan
from genzoo.adversarial.softmax_gan import SoftmaxObjective
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from genzoo.nn.conditionals import Deterministic, GaussianDraw, NoiseInput
from genzoo.nn.objectives import Hinge, LeastSquares, Minimax, NonSaturating, Wasserstein

POINT, SHAPE = (1, 1, 1), (1, 3, 3)
SGD = partial(torch.optim.SGD, lr=0.1)


class Scale(nn.Module):
    """x = a z + b, or its inverse as an encoder."""

    shape = POINT

    def __init__(self, a, b=0.0):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.tensor(a)), nn.Parameter(torch.tensor(b))

    def forward(self, z):
        return (self.a * z + self.b).view(-1, *POINT)


class Affine(Scale):
    def features(self, images):
        return images.flatten(1)

    def forward(self, images):
        return self.a * images.flatten(1) + self.b


class Quadratic(nn.Module):
    """s(x, z) = w φ(x, z), with all moments up to the second as φ."""

    shape, latent = POINT, 1

    def __init__(self, weights=(0.0,) * 5):
        super().__init__()
        self.weights = nn.Parameter(torch.tensor(weights))

    def forward(self, images, codes):
        x, z = images.flatten(), codes.flatten()
        return torch.stack([x, z, x * x, x * z, z * z], 1) @ self.weights


def make(objective=None, **options):
    options = {
        "generator": lambda latent: Scale(3.0),
        "encoder": lambda outputs, noise: Affine(1 / 3.0),
        "discriminator": Quadratic(),
        "conditional": Deterministic(),
        "latent": Latent(noise=Normal(1)),
        "optimizers": {"discriminator": SGD, "generator": SGD},
    } | options
    return BidirectionalGAN(objective or NonSaturating(), **options).ready()


def small(conditional=None, **options):
    """A model of BiGAN's networks on small images."""
    torch.manual_seed(0)
    options = {
        "generator": partial(bigan.MLPGenerator, shape=SHAPE, hidden=6),
        "encoder": partial(ali.MLPEncoder, shape=SHAPE, hidden=[7]),
        "discriminator": ali.MaxoutDiscriminator(SHAPE, latent=2, hidden=[8], pieces=2),
        "conditional": conditional or GaussianDraw(),
        "latent": Latent(noise=Normal(2)),
    } | options
    return make(**options)


def batch(images):
    return ImageBatch(images, torch.full((len(images),), -1))


def images(n=6):
    return batch(torch.rand(n, *SHAPE) * 2 - 1)


def of_players(module, loss):
    """The gradients of a loss by the parameters of D, G and E."""
    found = []
    for network in (module.discriminator, module.generator, module.encoder):
        parameters = list(network.parameters())
        found.append(torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True))
    return found


def test_losses_by_hand():
    module = make(discriminator=Quadratic((0.5, 0.0, 0.0, 2.0, 0.0)))
    real, z = batch(torch.tensor([3.0, -6.0]).view(-1, *POINT)), torch.tensor([[0.5], [1.0]])
    made = (z, module.generator(z))
    # Pairs (x, x / 3) and (3 z, z): s = x / 2 + 2 x E(x) and 3 z / 2 + 6 z².
    encoder, decoder = torch.tensor([1.5 + 6, -3 + 24.0]), torch.tensor([0.75 + 1.5, 1.5 + 6])
    low, high = F.logsigmoid(-decoder).mean(), F.logsigmoid(encoder).mean()
    torch.testing.assert_close(module.discriminator_loss(real, made), -high - low)
    swapped = -F.logsigmoid(decoder).mean() - F.logsigmoid(-encoder).mean()
    torch.testing.assert_close(module.generator_loss(real, made), swapped)
    module.objective = Minimax()  # the value V
    torch.testing.assert_close(module.generator_loss(real, made), high + low)
    module.objective = Wasserstein()
    torch.testing.assert_close(module.generator_loss(real, made), encoder.mean() - decoder.mean())


@pytest.mark.parametrize(("scale", "shift", "balanced"), [(1.0, 0.0, True), (1.5, 0.0, False), (1.0, 0.4, False)])
def test_where_encoder_and_generator_are_inverse_d_has_no_gradient_at_one_half(scale, shift, balanced):
    """x ~ N(0, a²), G(z) = a z, E(x) = x / a: both joint distributions are the same."""
    torch.manual_seed(0)
    module = make(encoder=lambda outputs, noise: Affine(scale / 3, shift))
    real = batch(3 * torch.randn(200_000, *POINT))
    loss = module.discriminator_loss(real)
    assert loss.item() == pytest.approx(2 * torch.tensor(2.0).log().item())  # D = 1/2: C = -log 4
    ((gradient,), *_) = of_players(module, loss)
    deviations = torch.tensor([3.0, 1.0, 9 * 2**0.5, 3 * 2**0.5, 2**0.5])  # of φ
    errors = gradient.abs() / deviations * 200_000**0.5
    assert bool((errors < 4).all()) is balanced
    # A constant D gives E and G no gradient.
    _, of_g, of_e = of_players(module, module.generator_loss(real))
    assert all(not g.any() for g in (*of_g, *of_e))


@pytest.mark.parametrize("conditional", [Deterministic(), GaussianDraw(), NoiseInput(2)])
def test_the_encoder_learns_with_the_generator_and_not_with_the_discriminator(conditional):
    module = small(conditional)
    of_d, of_g, of_e = of_players(module, module.discriminator_loss(images()))
    assert all(g.any() for g in of_d)
    assert {*of_g, *of_e} == {None}
    of_d, of_g, of_e = of_players(module, module.generator_loss(images()))
    assert all(g is not None and g.any() for g in of_g)
    assert all(g is not None for g in of_e)
    assert sum(g.abs().sum() for g in of_e) > 0
    networks = module.players()["generator"]
    assert networks == [module.generator, module.encoder]


class Images(nn.Module):
    """D(x, z) = D(x)."""

    shape, latent = SHAPE, 2

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(9, 1)

    def forward(self, images, codes):
        return self.layer(images.flatten(1)).squeeze(1)


@pytest.mark.parametrize("objective", [Minimax(), NonSaturating(), Hinge()])
def test_with_a_discriminator_of_images_alone_it_is_a_gan_and_a_constant(objective):
    module, real = small(discriminator=Images(), objective=objective), images()
    made = module.make(real)
    of_real, of_fake = (module.discriminator(x, None) for x in (real.images, made[1]))
    torch.testing.assert_close(module.discriminator_loss(real, made), objective.discriminator(of_real, of_fake))
    difference = module.generator_loss(real, made) - objective.generator(of_fake)
    torch.testing.assert_close(difference, objective.generator(-of_real))
    _, of_g, of_e = of_players(module, difference)
    assert all(g is None or g.abs().max() < 1e-7 for g in (*of_g, *of_e))


def test_pairs_stay_together():
    module, real = small(Deterministic()), images()
    module.encoder.eval()
    seen = []
    module.discriminator.forward = lambda x, z: seen.append((x, z)) or x.sum((1, 2, 3)) + z.sum(1)
    z, fake = module.make(real)
    for loss in (module.discriminator_loss, module.generator_loss):
        seen.clear()
        loss(real, (z, fake))
        assert torch.equal(seen[0][0], real.images)
        torch.testing.assert_close(seen[0][1], module.encoder(real.images))
        assert torch.equal(seen[1][0], fake)
        assert torch.equal(seen[1][1], z)


@pytest.mark.parametrize("conditional", [Deterministic(), GaussianDraw(), NoiseInput(2)])
def test_codes_and_features_are_those_of_noise_0(conditional):
    module, real = small(conditional), images()
    module.encoder(torch.randn(9, SHAPE[0] + conditional.noise, 3, 3))  # running averages
    inputs = F.pad(real.images, (0, 0, 0, 0, 0, conditional.noise))
    module.eval()
    torch.testing.assert_close(module.encode(real.images), module.encoder(inputs)[:, :2].detach())
    torch.testing.assert_close(module.features(real.images), module.encoder.features(inputs).detach())


def test_what_does_not_fit_is_refused_in_one_line():
    with pytest.raises(GenzooError, match=r"^model\.discriminator\.latent=2: the codes of model\.latent have 3 .*$"):
        small(latent=Latent(noise=Normal(3)))
    with pytest.raises(GenzooError, match=r"^model\.encoder: its images have .* \(1, 4, 4\), but the generator's .*$"):
        small(encoder=partial(ali.MLPEncoder, shape=(1, 4, 4), hidden=[4]))
    with pytest.raises(GenzooError, match=r"^model\.encoder: this model needs a Encoder .* no features"):
        small(encoder=lambda outputs, noise: bigan.MLPGenerator(9, SHAPE, hidden=4))
    with pytest.raises(GenzooError, match=r"^model\.discriminator: this model needs a PairDiscriminator .* no latent"):
        small(discriminator=nn.Flatten())
    for objective in (LeastSquares(), NonSaturating(real=0.9), SoftmaxObjective()):
        with pytest.raises(GenzooError, match=r"^model\.objective=\w+: an objective that treats both labels alike"):
            small(objective=objective)
    small(objective=LeastSquares(fake=-1.0, real=1.0, wanted=0.0))
