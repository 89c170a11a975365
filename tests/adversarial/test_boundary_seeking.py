"""A generator of two binary pixels, whose four images can be enumerated."""

from functools import partial
from itertools import product

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.boundary_seeking import BoundarySeekingGAN
from genzoo.adversarial.credit import ImportanceWeights, Reinforce
from genzoo.adversarial.rounds import Shared
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal

SHAPE = (1, 1, 2)
IMAGES = torch.tensor(list(product([-1.0, 1.0], repeat=2))).view(4, *SHAPE)
TABLE = torch.tensor([0.3, -0.2, 1.1, 0.6])  # the discriminator's logits of these four images


class Pixels(nn.Module):
    """A generator of the same pixel logits for every code."""

    shape = SHAPE

    def __init__(self, latent):
        super().__init__()
        self.logits = nn.Parameter(torch.tensor([0.4, -0.7]))

    def forward(self, z):
        return self.logits.view(SHAPE).expand(len(z), *SHAPE)


class Table(nn.Module):
    """A logit per image."""

    shape = SHAPE

    def __init__(self):
        super().__init__()
        self.logits = nn.Parameter(TABLE.clone())

    def forward(self, images):
        bits = (images.flatten(1) > 0).long()
        return self.logits[2 * bits[:, 0] + bits[:, 1]]


def make(credit=None, **options):
    sgd = partial(torch.optim.SGD, lr=0.1)
    return BoundarySeekingGAN(
        credit=credit or ImportanceWeights(),
        discriminator=Table(),
        latent=Latent(noise=Normal(3)),
        optimizers={"discriminator": sgd, "generator": sgd},
        **{"generator": Pixels} | options,
    ).ready()


class OfCodes(nn.Module):
    """A generator whose pixel logits are multiples of the code's first two numbers."""

    shape = SHAPE

    def __init__(self, latent):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.5))

    def forward(self, z):
        return self.scale * z[:, :2].view(-1, *SHAPE)


def real(n):
    return ImageBatch(IMAGES[torch.arange(n) % 4], torch.full((n,), -1))


def log_q(logits):
    """log g of the four images, one pixel after the other."""
    bits = (IMAGES.flatten(1) > 0).float()
    return (bits * F.logsigmoid(logits) + (1 - bits) * F.logsigmoid(-logits)).sum(1)


def divergence(logits, reverse):
    """The divergence of target and generator, where the target is proportional to g e^F of the present generator."""
    target = (log_q(logits.detach()) + TABLE).log_softmax(0)
    first, second = (log_q(logits), target) if reverse else (target, log_q(logits))
    return (first.exp() * (first - second)).sum()


@pytest.mark.parametrize(("credit", "reverse"), [(ImportanceWeights(), False), (Reinforce(), True)])
def test_the_generator_descends_the_divergence(credit, reverse):
    module = make(credit, images_per_code=1000)
    (found,) = torch.autograd.grad(module.generator_loss(real(200)), module.generator.logits)
    logits = module.generator.logits.detach().requires_grad_()
    (expected,) = torch.autograd.grad(divergence(logits, reverse), logits)
    other, _ = torch.autograd.grad(divergence(logits, not reverse), logits)[0]
    assert torch.allclose(found, expected, atol=0.01)
    assert abs(expected[0] - other) > 0.02  # the two divergences are told apart


def test_the_gradient_is_the_weighted_sum_of_the_scores(monkeypatch):
    module = make(images_per_code=4)
    monkeypatch.setattr(module, "draw", lambda logits: IMAGES[:, None].expand(4, len(logits), *SHAPE))
    loss = module.generator_loss(real(6))
    weights = TABLE.softmax(0)
    assert loss.item() == pytest.approx(-(weights * log_q(module.generator.logits)).sum().item(), abs=1e-6)
    (found,) = torch.autograd.grad(loss, module.generator.logits, retain_graph=True)
    bits = (IMAGES.flatten(1) > 0).float()
    assert torch.allclose(found, -(weights[:, None] * (bits - module.generator.logits.sigmoid())).sum(0), atol=1e-6)
    assert torch.autograd.grad(loss, module.discriminator.logits, allow_unused=True) == (None,)
    expected = 1 / weights.square().sum()
    assert module.meters.means()["effective_samples"].item() == pytest.approx(expected.item())


def test_each_code_has_weights_and_scores_of_its_own(monkeypatch):
    module = make(images_per_code=4, generator=OfCodes)
    drawn = IMAGES[torch.randint(4, (4, 5))]
    monkeypatch.setattr(module, "draw", lambda logits: drawn)
    z = torch.randn(5, 3)
    loss = module.generator_loss(real(5), (z, module.generator(z)))
    expected = []
    for images, code in zip(drawn.transpose(0, 1), z, strict=True):
        bits, logits = (images.flatten(1) > 0).float(), 1.5 * code[:2]
        scores = (bits * F.logsigmoid(logits) + (1 - bits) * F.logsigmoid(-logits)).sum(1)
        expected.append(-(module.discriminator(images).softmax(0) * scores).sum())
    assert loss.item() == pytest.approx(torch.stack(expected).mean().item(), rel=1e-5)


def test_equal_logits_use_all_images():
    module = make(images_per_code=5)
    with torch.no_grad():
        module.discriminator.logits.fill_(2.0)
    module.generator_loss(real(3))
    assert module.meters.means()["effective_samples"].item() == pytest.approx(5)


def test_the_discriminator_is_that_of_the_gan(monkeypatch):
    module = make(images_per_code=2)
    monkeypatch.setattr(module, "draw", lambda logits: torch.stack([IMAGES, IMAGES[[0, 0, 0, 3]]]))
    found = module.discriminator_loss(real(4))
    fake = torch.cat([TABLE, TABLE[[0, 0, 0, 3]]])
    expected = -F.logsigmoid(TABLE).mean() - F.logsigmoid(-fake).mean()
    assert found.item() == pytest.approx(expected.item())
    assert torch.autograd.grad(found, module.generator.logits, allow_unused=True) == (None,)


def test_players_may_share_codes_and_pixel_logits():
    module = make(round=Shared())
    (turn,) = module.turns()
    (arguments,) = turn.draws(real=real(4))
    for loss_of in turn.losses.values():
        loss_of(**arguments).backward()
    assert all(p.grad is not None for p in module.parameters())


def test_draws_follow_the_probabilities():
    module = make(images_per_code=4000)
    drawn = module.draw(module.generator(torch.zeros(2, 3)))
    assert drawn.shape == (4000, 2, *SHAPE)
    assert set(drawn.unique().tolist()) == {-1.0, 1.0}
    expected = module.generator.logits.sigmoid().view(SHAPE)
    assert torch.allclose((drawn > 0).float().mean((0, 1)), expected, atol=0.03)


def test_samples_are_binary_and_codes_have_mean_images():
    module = make()
    samples = module.sample(4000, generator=torch.Generator().manual_seed(0))
    mean = 2 * module.generator.logits.detach().sigmoid() - 1
    assert set(samples.unique().tolist()) == {-1.0, 1.0}
    assert torch.allclose(samples.mean(0).flatten(), mean, atol=0.06)
    assert torch.allclose(module.decode(torch.zeros(1, 3)).flatten(), mean)


def test_it_needs_binary_data_and_images_to_draw():
    assert make().levels == 2
    with pytest.raises(GenzooError, match=r"model\.images_per_code=0: a positive integer is needed"):
        make(images_per_code=0)
