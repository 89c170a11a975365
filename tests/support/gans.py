"""A small GAN, and what its losses are given."""

from functools import partial

import torch
from torch.nn import functional as F

from genzoo.adversarial.gan import GAN
from genzoo.adversarial.networks import dcgan, infogan
from genzoo.core.batches import ImageBatch
from genzoo.core.latent import Latent, Normal
from genzoo.nn.objectives import NonSaturating, Wasserstein

SHAPE = (1, 4, 4)
SGD = partial(torch.optim.SGD, lr=0.1)


def make(**options):
    """A small GAN with batch norm, whose running averages are not those of any batch."""
    torch.manual_seed(0)
    options = {
        "generator": partial(infogan.Generator, shape=SHAPE, channels=2, hidden=8),
        "discriminator": infogan.Discriminator(SHAPE, channels=2, hidden=8),
        "latent": Latent(noise=Normal(5)),
        "objective": NonSaturating(),
        "optimizers": {"discriminator": SGD, "generator": SGD},
        "sampling_batch": 16,
    } | options
    module = GAN(**options).ready()
    module.generator(torch.randn(8, module.latent.width))
    return module


def real_batch(n=6):
    images = torch.rand(n, *SHAPE, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return ImageBatch(images, torch.full((n,), -1))


def fixed_codes(module, monkeypatch, n=6):
    """The codes that the module's losses will draw from now on."""
    z = torch.randn(n, 5, generator=torch.Generator().manual_seed(2))

    def sample(count, generator=None, device=None):
        assert count == n
        return z

    monkeypatch.setattr(module.latent, "sample", sample)
    return z


def cross_entropy(logits, target):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def critic(**options):
    return dcgan.Discriminator((1, 16, 16), channels=2, norm="none", **options)


def wasserstein(**options):
    options = {
        "generator": partial(dcgan.Generator, shape=(1, 16, 16), channels=2),
        "discriminator": critic(),
    } | options
    return make(objective=Wasserstein(), **options)
