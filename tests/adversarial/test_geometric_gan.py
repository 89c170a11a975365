"""Geometric GAN against the support vector machine that it is, solved by scikit-learn."""

from functools import partial

import pytest
import torch
from sklearn.svm import SVC
from torch import nn

from genzoo.adversarial.geometric_gan import GeometricGAN
from genzoo.adversarial.networks.mlp import MLPGenerator
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from genzoo.nn.objectives import Hinge

SHAPE = (2, 1, 1)


class Linear(nn.Module):
    """The features are the points themselves."""

    shape = SHAPE

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(2, 1)

    def features(self, images):
        return images.flatten(1)

    def forward(self, images):
        return self.head(self.features(images)).squeeze(1)


def make(examples, **options):
    torch.manual_seed(0)
    sgd = partial(torch.optim.SGD, lr=0.1)
    return GeometricGAN(
        examples=examples,
        objective=Hinge(),
        generator=partial(MLPGenerator, shape=SHAPE, hidden=[4]),
        discriminator=Linear(),
        latent=Latent(noise=Normal(3)),
        optimizers={"discriminator": sgd, "generator": sgd},
        **options,
    ).ready()


def losses(module, real, fake):
    batch = ImageBatch(real.view(-1, *SHAPE), torch.full((len(real),), -1))
    return module.discriminator_loss(batch, (torch.zeros(len(fake), 3), fake.view(-1, *SHAPE)))


@pytest.mark.parametrize("cost", [0.1, 10.0])
def test_the_discriminator_is_the_support_vector_machine(cost):
    draws = torch.Generator().manual_seed(1)
    real = torch.randn(20, 2, generator=draws) + torch.tensor([1.0, 0.5])
    fake = torch.randn(20, 2, generator=draws) - torch.tensor([1.0, 0.5])
    machine = SVC(kernel="linear", C=cost, tol=1e-6)
    machine.fit(torch.cat([real, fake]).numpy(), [1] * 20 + [-1] * 20)
    module = make(20, slack_cost=cost)
    optimizer = torch.optim.Adam(module.discriminator.parameters(), lr=0.02)
    for step in range(1500):
        optimizer.param_groups[0]["lr"] = 0.02 * (1 - step / 1500)
        optimizer.zero_grad()
        losses(module, real, fake).backward()
        optimizer.step()
    found = module.discriminator.head
    torch.testing.assert_close(found.weight[0], torch.tensor(machine.coef_[0]).float(), rtol=0.02, atol=0.02)
    assert found.bias.item() == pytest.approx(machine.intercept_[0], abs=0.05)


def test_the_bias_is_not_decayed_and_the_norm_is_divided_by_the_number_of_images():
    module, one, other = make(8), torch.tensor([[50.0, 0.0]]), torch.tensor([[-50.0, 0.0]])
    with torch.no_grad():  # both points are beyond the margin
        module.discriminator.head.weight.copy_(torch.tensor([[2.0, 1.0]]))
        module.discriminator.head.bias.fill_(0.5)
    loss = losses(module, one, other)
    assert loss.item() == pytest.approx((2.0**2 + 1) / (2 * 8))
    loss.backward()
    assert module.discriminator.head.bias.grad.item() == 0


@pytest.mark.parametrize("options", [{"examples": 4, "slack_cost": 0}, {"examples": 0}])
def test_numbers_that_are_not_positive_are_one_line(options):
    with pytest.raises(GenzooError, match=r"model\.(slack_cost|examples)=0: a positive"):
        make(**options)
