"""The generator of an unrolled GAN is trained against the discriminator's next states."""

import copy
from functools import partial

import pytest
import torch
from torch import nn

from genzoo.adversarial.networks import infogan
from genzoo.adversarial.rounds import Shared
from genzoo.adversarial.unrolled_gan import UnrolledGAN
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from genzoo.nn.matching import MeanSquared
from genzoo.nn.objectives import Minimax, NonSaturating
from genzoo.runs.build import build_data, build_module
from support import cpu_trainer, resolved, same
from support.gans import SHAPE, real_batch

ADAM = partial(torch.optim.Adam, lr=0.1, betas=(0.5, 0.9))
SGD = partial(torch.optim.SGD, lr=0.3)
CONVOLUTIONS = {  # with batch norm
    "generator": partial(infogan.Generator, shape=SHAPE, channels=2, hidden=8),
    "discriminator": infogan.Discriminator(SHAPE, channels=2, hidden=8),
}


class Smooth(nn.Sequential):
    """Two layers with a hyperbolic tangent, between codes, points and logits."""

    shape = (2, 1, 1)

    def __init__(self, latent=None):
        ends = (nn.Flatten(), nn.Unflatten(1, self.shape)) if latent else (nn.Flatten(), nn.Flatten(0))
        layers = (nn.Linear(latent or 2, 3), nn.Tanh(), nn.Linear(3, 2 if latent else 1))
        super().__init__(ends[0], *layers, ends[1])


def make(steps, optimizer=SGD, **options):
    torch.manual_seed(0)
    options = {
        "generator": Smooth,
        "discriminator": Smooth(),
        "latent": Latent(noise=Normal(4)),
        "objective": Minimax(),
        "optimizers": {"discriminator": optimizer, "generator": SGD},
        "round": Shared(at_once=True),
    } | options
    return UnrolledGAN(unrolled_steps=steps, **options).ready()


def points(n=7):
    return ImageBatch(torch.randn(n, 2, 1, 1, dtype=torch.double), torch.full((n,), -1))


def generators_gradient(module, real, z, optimizer):
    """As ``RoundModule`` computes it: no other player's parameters require gradients."""
    module.configure_optimizers()
    with module.only("generator"):
        module.zero_grad()
        module.generator_loss(real, optimizer, (z, module.generator(z))).backward()
        assert all(p.grad is None for p in module.discriminator.parameters())
    return torch.cat([p.grad.flatten() for p in module.generator.parameters()])


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("kind", [SGD, ADAM])
def test_the_gradient_is_that_of_the_game_after_the_discriminators_updates(kind, steps):
    module, real, z = make(steps).double(), points(), torch.randn(7, 4, dtype=torch.double)
    optimizer = kind(module.discriminator.parameters())
    for _ in range(2):  # Adam has moments
        module.discriminator_objective(real, real.images, torch.randn_like(real.images)).backward()
        optimizer.step()
        optimizer.zero_grad()
    found = generators_gradient(module, real, z, optimizer)

    def game_after_updates(theta):
        """By real updates of a copy, for the generator's parameters theta."""
        copied, other = copy.deepcopy((module, optimizer))  # together, so that they share parameters
        nn.utils.vector_to_parameters(theta, copied.generator.parameters())
        fake = copied.generator(z).detach()
        for _ in range(steps):
            other.zero_grad()
            copied.discriminator_objective(real, real.images, fake).backward()
            other.step()
        logits = copied.discriminator(real.images), copied.discriminator(fake)
        return (logits[0].sigmoid().log().mean() + (1 - logits[1].sigmoid()).log().mean()).item()

    theta, h = nn.utils.parameters_to_vector(module.generator.parameters()).detach(), 1e-5
    ends = [[game_after_updates(theta + sign * h * row) for row in torch.eye(len(theta))] for sign in (1, -1)]
    slopes = (torch.tensor(ends[0], dtype=torch.double) - torch.tensor(ends[1], dtype=torch.double)) / (2 * h)
    torch.testing.assert_close(found, slopes, rtol=1e-5, atol=1e-8)
    module.unrolled_steps = 0
    assert not torch.allclose(generators_gradient(module, real, z, optimizer), slopes, rtol=1e-2)


def play(*overrides, rounds=5):
    """A module after a few rounds on the ring."""
    config = resolved(*("model=gan_2d", "data=ring", "data.n_train=256", "trainer=smoke", "recipe.batch_size=16"),
                      f"trainer.rounds={rounds}", *overrides)  # fmt: skip
    torch.manual_seed(0)
    data, module = build_data(config), build_module(config)
    trainer = cpu_trainer()
    trainer.fit(module, datamodule=data)
    return module, trainer


UNROLLED = "model._target_=genzoo.adversarial.unrolled_gan.UnrolledGAN"
MINIMAX = "model.objective._target_=genzoo.nn.objectives.Minimax"


def test_without_unrolled_steps_it_is_trained_as_a_gan_to_the_bit():
    module, _ = play(UNROLLED, "+model.unrolled_steps=0")
    expected, _ = play()
    assert same(dict(module.state_dict()), dict(expected.state_dict()))


def test_unrolling_does_not_change_the_discriminators_own_update():
    given = UNROLLED, MINIMAX, "+model.round={_target_: genzoo.adversarial.rounds.Shared, at_once: true}"
    given = *given, *(f"model.optimizers.{player}.fused=false" for player in ("discriminator", "generator"))
    (ahead, trainer), (ordinary, other) = (play(*given, f"+model.unrolled_steps={k}", rounds=1) for k in (3, 0))
    assert same(dict(ahead.discriminator.state_dict()), dict(ordinary.discriminator.state_dict()))
    assert not same(dict(ahead.generator.state_dict()), dict(ordinary.generator.state_dict()))
    # The optimizer's moments, too: the next round's update is the ordinary one.
    states = [t.optimizers[0].state_dict() for t in (trainer, other)]
    assert same(*states)
    assert all(state["step"] == 1 for state in states[0]["state"].values())


def test_running_statistics_of_the_discriminator_are_those_of_its_own_passes():
    module = make(2, **CONVOLUTIONS)
    before = copy.deepcopy(dict(module.discriminator.named_buffers()))
    assert before
    optimizer = SGD(module.discriminator.parameters())
    module.generator_loss(real_batch(), optimizer).backward()
    assert same(dict(module.discriminator.named_buffers()), before)
    module.discriminator_loss(real_batch(), optimizer)
    assert not same(dict(module.discriminator.named_buffers()), before)


def test_what_cannot_be_unrolled_is_refused_before_training():
    with pytest.raises(GenzooError, match=r"model.unrolled_steps=-1: an integer of at least 0 is needed"):
        make(-1)
    fused = partial(ADAM, fused=True)
    with pytest.raises(GenzooError, match=r"model.optimizers.discriminator.fused=True: .* remove it"):
        make(1, fused)
    with pytest.raises(GenzooError, match=r"model.optimizers.discriminator: .* not for RMSprop"):
        make(1, torch.optim.RMSprop)
    with pytest.raises(GenzooError, match=r"compile=true: with model.unrolled_steps=1 .* use compile=false"):
        make(1).compile_networks()
    zero_sum = r"model.unrolled_steps=1: .* a zero-sum model.objective"
    with pytest.raises(GenzooError, match=zero_sum):
        make(1, objective=NonSaturating())
    with pytest.raises(GenzooError, match=zero_sum):
        make(1, **CONVOLUTIONS, matching=MeanSquared())
    make(0, fused).compile_networks()
    assert make(0).accumulates
    assert not make(1).accumulates
