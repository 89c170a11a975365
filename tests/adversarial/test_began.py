from functools import partial

import pytest
import torch
from torch import nn

from genzoo.adversarial.began import BEGAN, Measured
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from support import Constant

SHAPE = (1, 2, 2)


class Shrink(nn.Module):
    """Reconstructs x as scale · x, so that the loss is |1 - scale| mean |x|."""

    shape = SHAPE

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.2))
        self.encoder = self.decoder = nn.Identity()

    def forward(self, images):
        return self.scale * images


def make(**options):
    sgd = partial(torch.optim.SGD, lr=0.1)
    return BEGAN(
        generator=Constant,
        discriminator=Shrink(),
        latent=Latent(noise=Normal(3)),
        optimizers={"discriminator": sgd, "generator": sgd},
        **options,
    ).ready()


REAL = ImageBatch(torch.tensor([1.0, -0.6]).view(2, 1, 1, 1).expand(2, *SHAPE), torch.tensor([-1, -1]))
REAL_LOSS, FAKE_LOSS = 0.8 * 0.8, 0.8 * 0.5  # L(x), L(G(z))


def test_losses_by_hand():
    module = make()
    module.k.fill_(0.3)
    measured = Measured()
    assert module.discriminator_loss(REAL, measured).item() == pytest.approx(REAL_LOSS - 0.3 * FAKE_LOSS)
    assert module.generator_loss(REAL, measured).item() == pytest.approx(FAKE_LOSS)
    assert (measured.real.item(), measured.fake.item()) == pytest.approx((REAL_LOSS, FAKE_LOSS))


@pytest.mark.parametrize(
    ("before", "gain", "after"),
    [
        (0.3, 0.01, 0.3 + 0.01 * (0.7 * REAL_LOSS - FAKE_LOSS)),
        (1.0, 1.0, 1.0),  # stays within [0, 1]
        (0.0, -1.0, 0.0),
    ],
)
def test_k_moves_by_the_balance_after_all_losses(before, gain, after):
    module = make(gamma=0.7, gain=gain)
    module.k.fill_(before)
    *_, last = module.turns()
    measured = module.collect()["measured"]
    module.discriminator_loss(REAL, measured)
    module.generator_loss(REAL, measured)
    assert module.k.item() == pytest.approx(before)
    assert (last.losses, list(last.draws(measured=measured))) == ({}, [])
    assert module.k.item() == pytest.approx(after)


def test_the_convergence_measure_is_recorded():
    module = make(gamma=0.7)
    module.update_k(Measured(torch.tensor(REAL_LOSS), torch.tensor(FAKE_LOSS)))
    recorded = module.meters.means()
    assert recorded["convergence"].item() == pytest.approx(REAL_LOSS + abs(0.7 * REAL_LOSS - FAKE_LOSS))
    assert recorded["k"].item() == 0


def test_k_is_stored():
    module, other = make(), make()
    module.k.fill_(0.4)
    other.load_state_dict(module.state_dict())
    assert other.k.item() == pytest.approx(0.4)


def test_gradients_go_where_they_should():
    module = make()
    module.k.fill_(0.3)
    (slope,) = torch.autograd.grad(module.discriminator_loss(REAL, Measured()), module.discriminator.scale)
    assert slope.item() == pytest.approx(-(0.8 - 0.3 * 0.5))
    (slope,) = torch.autograd.grad(module.generator_loss(REAL, Measured()), module.generator.value)
    assert slope.item() == pytest.approx(0.8)


def test_images_are_clamped():
    module = make()
    with torch.no_grad():
        module.generator.value.fill_(7.0)
    assert torch.equal(module.sample(2), torch.ones(2, *SHAPE))


@pytest.mark.parametrize("gamma", [0, -0.5, 1.5])
def test_gamma_is_a_ratio(gamma):
    with pytest.raises(GenzooError, match=rf"model.gamma={gamma}: a number above 0 and up to 1 is needed"):
        make(gamma=gamma)
