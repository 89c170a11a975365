from functools import partial

import pytest
import torch
from torch import nn

from genzoo.adversarial.instance_noise import InstanceNoiseGAN
from genzoo.adversarial.networks import infogan
from genzoo.core.latent import Latent, Normal
from genzoo.core.schedules import Linear
from genzoo.nn.objectives import NonSaturating
from support.gans import SGD, SHAPE


class Sum(nn.Module):
    shape = SHAPE

    def forward(self, images):
        return images.flatten(1).sum(1)


@pytest.mark.parametrize(("rounds", "std"), [(0, 0.5), (5, 0.25), (10, 0.0), (20, 0.0)])
def test_the_noise_follows_its_schedule(rounds, std):
    torch.manual_seed(0)
    module = InstanceNoiseGAN(
        noise=Linear(0.5, 0.0, rounds=10),
        generator=partial(infogan.Generator, shape=SHAPE, channels=2, hidden=8),
        discriminator=Sum(),
        latent=Latent(noise=Normal(5)),
        objective=NonSaturating(),
        optimizers={"discriminator": SGD, "generator": SGD},
    ).ready()
    module.progress.rounds = rounds
    outputs = module.discriminate(torch.ones(5000, *SHAPE), None)
    assert outputs.mean().item() == pytest.approx(16, abs=0.1)
    assert outputs.std().item() == pytest.approx(4 * std, rel=0.05)  # of 16 pixels
