from functools import partial

import pytest
import torch
from torch import nn

from genzoo.adversarial.mmd import MMD, RBF
from genzoo.adversarial.mmd_gan import MMDGAN
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Decodes, Features, Samples
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from support import Constant

SHAPE = (1, 2, 2)
SGD = partial(torch.optim.SGD, lr=0.1)


class Scaled(nn.Module):
    """The code is 2 x, the reconstruction 0.25 · 2 x = x / 2."""

    shape = SHAPE

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = (nn.Conv2d(1, 1, 1, bias=False) for _ in range(2))
        nn.init.constant_(self.encoder.weight, 2.0)
        nn.init.constant_(self.decoder.weight, 0.25)

    def forward(self, images):
        return self.decoder(self.encoder(images))


def make(distance=lambda real, fake: (real.mean() - fake.mean()).abs(), **options):
    return MMDGAN(
        distance=distance,
        generator=Constant,
        discriminator=Scaled(),
        latent=Latent(noise=Normal(3)),
        optimizers={"discriminator": SGD, "generator": SGD},
        **options,
    ).ready()


# The generator's images are 0.5 everywhere, their codes 1. Codes of the two real ones: 2 and -1.2, on average 0.4.
REAL = ImageBatch(torch.tensor([1.0, -0.6]).view(2, 1, 1, 1).expand(2, *SHAPE), torch.tensor([-1, -1]))
DISTANCE, RANK = 0.6, -0.6
ERRORS = (0.5**2 + 0.3**2) / 2 + 0.25**2  # of x / 2: half of each image


def test_losses_by_hand():
    module = make(reconstruction_weight=3.0, rank_weight=5.0)
    assert module.generator_loss(REAL).item() == pytest.approx(DISTANCE + 5 * RANK)
    assert module.discriminator_loss(REAL).item() == pytest.approx(3 * ERRORS - DISTANCE - 5 * RANK)
    lower = ImageBatch(REAL.images * 0 + 1.0, REAL.labels)  # real codes are 2, above those of generated images
    assert module.generator_loss(lower).item() == pytest.approx(1.0)
    weights = make()
    assert (weights.reconstruction_weight, weights.rank_weight, weights.encoder_clip) == (8, 16, 0.01)


def test_each_loss_has_gradients_for_its_player():
    module = make(MMD(RBF([1.0]), root=True))
    module.discriminator_loss(REAL).backward()
    assert module.generator.value.grad is None
    assert all(p.grad.abs().sum() > 0 for p in module.discriminator.parameters())
    module.zero_grad()
    module.generator_loss(REAL).backward()
    assert module.generator.value.grad.abs() > 0
    assert module.discriminator.decoder.weight.grad is None


def test_the_encoder_alone_is_clipped_at_first_and_after_each_of_its_steps():
    module = make(encoder_clip=0.1)
    encoder, decoder = module.discriminator.encoder.weight, module.discriminator.decoder.weight
    for act in (lambda: module.initialise(REAL.images), lambda: module.after_step("discriminator")):
        for value in (2.0, -2.0):
            nn.init.constant_(encoder, value)
            act()
            assert encoder.item() == pytest.approx(0.1 * value / 2)
    nn.init.constant_(encoder, 2.0)
    module.after_step("generator")
    assert encoder.item() == 2
    assert decoder.item() == 0.25


def test_codes_are_features():
    module = make()
    assert module.capabilities() == {Samples, Decodes, Features}
    assert torch.equal(module.features(REAL.images), 2 * REAL.images.flatten(1))
    assert not module.accumulates


def test_bad_settings_are_refused():
    with pytest.raises(GenzooError, match=r"model.reconstruction_weight and model.rank_weight: numbers of at least 0"):
        make(rank_weight=-1.0)
    with pytest.raises(GenzooError, match=r"model.encoder_clip=0: a positive bound is needed"):
        make(encoder_clip=0)
    with pytest.raises(GenzooError, match=r"model.discriminator: this model needs a Autoencoder"):
        MMDGAN(
            distance=MMD(RBF([1.0])),
            generator=Constant,
            discriminator=nn.Linear(1, 1),
            latent=Latent(noise=Normal(3)),
            optimizers={"discriminator": SGD, "generator": SGD},
        )
