"""CaloGAN: each loss by hand, the rounds, energies that are asked for, refusals."""

import pytest
import torch
from torch import nn

from genzoo.adversarial.calogan import CaloGAN
from genzoo.adversarial.networks.shower_discriminator import ShowerDiscriminator
from genzoo.adversarial.networks.shower_generator import ShowerGenerator
from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.parts import Parts
from support.translators import adam

LAYERS = {"strips": (2, 8), "cells": (4, 4)}


def make(**options):
    torch.manual_seed(0)
    networks = {
        "generator": ShowerGenerator(LAYERS, latent=3, base=2, maps=2, local=2),
        "discriminator": ShowerDiscriminator(LAYERS, maps=2, local=(2, 2, 2), kernels=2, dimensions=2),
    }
    options = {"energies": (10, 20), "energy_weight": 0.25} | networks | options
    return CaloGAN(optimizers=adam("discriminator", "generator"), **options).ready()


def batch(n=6):
    randomness = torch.Generator().manual_seed(1)
    showers, energy = torch.rand(n, 32, generator=randomness), 10 + 5 * torch.rand(n, 1, generator=randomness)
    return ImageBatch(showers, torch.full((n,), -1), given={"energy": energy})


def test_losses_of_the_discriminator_are_of_real_showers_or_of_generated_ones(monkeypatch):
    module, real = make(), batch()
    monkeypatch.setattr(module, "judge", lambda showers, energy: showers[:, 0] - energy[:, 0] / 10)
    logits = real.images[:, 0] - real.given["energy"][:, 0] / 10
    torch.testing.assert_close(module.real_loss(real), -logits.sigmoid().log().mean())
    torch.testing.assert_close(
        module.fake_loss(real.images, real.given["energy"]), -(1 - logits.sigmoid()).log().mean()
    )


def test_the_generators_loss_has_the_missing_energy(monkeypatch):
    module, real = make(), batch()
    energy = real.given["energy"]
    monkeypatch.setattr(module, "draw", lambda energy: real.images)
    monkeypatch.setattr(module, "judge", lambda showers, energy: showers[:, 0])
    expected = -real.images[:, 0].sigmoid().log().mean() + 0.25 * (real.images.sum(1) - energy[:, 0]).abs().mean()
    torch.testing.assert_close(module.generator_loss(energy), expected)


def test_the_energy_term_has_no_gradient_for_the_discriminator():
    """Its weight changes the generator's gradient only."""
    gradients = {}
    for weight in (0.0, 1.0):
        module = make(energy_weight=weight)
        torch.manual_seed(1)
        module.generator_loss(batch().given["energy"]).backward()
        gradients[weight] = [[p.grad for p in n.parameters()] for n in (module.discriminator, module.generator)]
    for a, b in zip(gradients[0.0][0], gradients[1.0][0], strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(gradients[0.0][1][-1], gradients[1.0][1][-1])


def test_a_round_is_real_fake_and_twice_the_generator_with_new_energies():
    module, real = make(), batch()
    first, second, third = module.turns()
    assert [list(turn.losses) for turn in (first, second, third)] == [["discriminator"]] * 2 + [["generator"]]
    assert [turn.repeats_in(0) for turn in (first, second, third)] == [1, 1, 1]
    (fake,), asked = list(second.draws(real=real)), list(third.draws(real=real))
    assert len(asked) == 2
    energies = [fake["asked"], *(one["asked"] for one in asked), real.given["energy"]]
    assert all(energy.shape == (6, 1) for energy in energies)
    assert all(10 <= energy.min() < energy.max() <= 20 for energy in energies[:3])
    assert not any(torch.equal(a, b) for i, a in enumerate(energies) for b in energies[:i])
    assert not fake["made"].requires_grad


def test_showers_of_the_discriminators_step_are_of_the_generator_in_evaluation_mode():
    module, real = make(), batch()
    modes = []
    module.generator.register_forward_hook(lambda network, given, made: modes.append(network.training))
    norms = [m for m in module.generator.modules() if isinstance(m, nn.BatchNorm2d)]
    before = [m.running_var.clone() for m in norms]
    module.fakes(real)
    assert modes == [False]
    assert all(torch.equal(m.running_var, var) for m, var in zip(norms, before, strict=True))
    assert module.generator.training
    module.generator_loss(real.given["energy"])
    assert modes == [False, True]
    assert not any(torch.equal(m.running_var, var) for m, var in zip(norms, before, strict=True))


def test_the_generator_learns_the_energy_that_is_asked_for():
    """By the energy term alone, the slope of the mean response comes close to 1."""
    torch.manual_seed(0)
    generator = ShowerGenerator(LAYERS, latent=16, base=4, maps=4, local=4)
    module = make(generator=generator, energies=(1, 100), energy_weight=1.0)
    optimizer = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
    for _ in range(400):
        optimizer.zero_grad()
        module.generator_loss(module.draw_asked(64)).backward()
        optimizer.step()
    low, high = (
        module.sample_given({"energy": torch.full((500, 1), energy)}, torch.Generator().manual_seed(0)).sum(1).mean()
        for energy in (20.0, 80.0)
    )
    assert (high - low).item() / 60 == pytest.approx(1, abs=0.15)


def test_samples_are_those_of_drawn_energies():
    module = make()
    found = module.sample(150, generator=torch.Generator().manual_seed(3))
    randomness = torch.Generator().manual_seed(3)
    energy = 10 + 10 * torch.rand(150, 1, generator=randomness)
    assert torch.equal(found, module.sample_given({"energy": energy}, randomness))
    assert found.shape == (150, 32)
    assert found.min() >= 0


@pytest.mark.parametrize(
    ("energy", "line"),
    [
        (torch.tensor([[5.0], [0.0]]), r"^energy=0: a positive energy in GeV is needed\.$"),
        (torch.tensor([[-2.5], [1.0]]), r"^energy=-2\.5: a positive energy in GeV is needed\.$"),
        (torch.tensor([[float("nan")]]), r"^energy=nan: a positive energy in GeV is needed\.$"),
        (torch.tensor([1.0]), r"^energy: energies in GeV \(n, 1\) are needed, not \(1,\)\.$"),
    ],
)
def test_energies_that_no_particle_has_are_one_line(energy, line):
    with pytest.raises(GenzooError, match=line):
        make().sample_given({"energy": energy})


def test_other_data_and_settings_are_one_line():
    spec = DataSpec("showers", (32,), None, axes="", given={"energy": (1,)}, parts=Parts(LAYERS))
    module = make()
    module.check_data(spec)
    other = Parts({"strips": (4, 4), "cells": (4, 4)})
    with pytest.raises(GenzooError, match=r"^data=showers has the layers .*; set the same layers for its networks\.$"):
        module.check_data(spec._replace(parts=other))
    with pytest.raises(
        GenzooError, match=r"^data=mnist has images, but the model needs energies in cells; .* or data=jets"
    ):
        module.check_data(DataSpec("mnist", (1, 28, 28)))
    with pytest.raises(GenzooError, match=r"^model\.energy_weight=-1: "):
        make(energy_weight=-1)
    with pytest.raises(GenzooError, match=r"^model\.energies=\[0, 5\]: "):
        make(energies=(0, 5))
    with pytest.raises(GenzooError, match=r"^model\.generator\.layers and model\.discriminator\.layers differ"):
        make(discriminator=ShowerDiscriminator({"cells": (4, 4)}, maps=2, local=(2, 2, 2)))
