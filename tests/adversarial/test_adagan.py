"""AdaGAN: its phases in training, its mixture, and runs that are continued in the middle of a phase."""

import math
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.adagan import AdaGAN
from genzoo.adversarial.boosting import ConstantShare, boosting_weights
from genzoo.adversarial.networks.mlp import MLPDiscriminator, MLPGenerator
from genzoo.adversarial.rounds import Alternating
from genzoo.core.averages import Polyak
from genzoo.core.batches import ImageBatch
from genzoo.core.capabilities import Samples
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from genzoo.data.gaussians import Ring
from genzoo.nn.objectives import NonSaturating
from support import composed, cpu_trainer, same, whole_and_cut

SHAPE = (2, 1, 1)
ADAM = partial(torch.optim.Adam, lr=0.01)
DISCRIMINATOR = partial(MLPDiscriminator, SHAPE, hidden=[4])


def make(**options):
    torch.manual_seed(0)
    options = {
        "generator": partial(MLPGenerator, shape=SHAPE, hidden=[4]),
        "discriminator": DISCRIMINATOR,
        "classifier": DISCRIMINATOR,
        "latent": Latent(noise=Normal(3)),
        "objective": NonSaturating(),
        "optimizers": dict.fromkeys(("discriminator", "generator", "classifier"), ADAM),
        "sampling_batch": 16,
        "components": 3,
        "component_rounds": 2,
        "classifier_rounds": 3,
    } | options
    return AdaGAN(**options).ready()


def play(module, rounds, **options):
    data = Ring(n_train=64, n_validation=0, n_test=0, batch_size=16, rounds=rounds, **options)
    trainer = cpu_trainer()
    trainer.fit(module, datamodule=data)
    return trainer


def parameters(network):
    return torch.cat([p.detach().flatten().clone() for p in network.parameters()])


def players(module):
    return {player: parameters(networks[0]) for player, networks in module.players().items()}


def test_each_phase_trains_its_players_only():
    module, seen = make(round=Alternating(discriminator_steps=2)), []
    batches = [{stream.name: stream.batches for stream in module.streams(round)} for round in range(12)]
    component, classifier = {"all_images": 0, "real": 2}, {"all_images": 1, "real": 0}
    assert batches[:7] == [component] * 2 + [classifier] * 3 + [component] * 2
    assert batches[11:] == [component]
    for rounds in range(1, 8):
        before = players(module)
        play(module, rounds)
        seen.append({player for player, now in players(module).items() if not torch.equal(now, before[player])})
    game = {"discriminator", "generator"}
    assert seen == [game] * 2 + [{"classifier"}] * 3 + [game] * 2
    assert module.progress.rounds == 7
    assert module.progress.seen == 16 * (4 * 2 + 3)


def test_rounds_after_the_last_component_change_nothing():
    module = make(components=1)
    play(module, 2)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    play(module, 4)
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    assert module.proportions.tolist() == [1, 0]


def test_finished_generators_join_the_mixture_and_stay_as_they_are():
    module = make(share=ConstantShare(0.5))
    assert module.proportions.tolist() == [0, 0, 0, 1]
    play(module, 2)
    first = parameters(module.generator)
    assert torch.equal(parameters(module.components[0]), first)
    assert module.proportions.tolist() == [1, 0, 0, 0]
    play(module, 12)
    assert torch.equal(parameters(module.components[0]), first)
    assert torch.equal(parameters(module.components[2]), parameters(module.generator))
    assert module.proportions.tolist() == [0.25, 0.25, 0.5, 0]


def test_a_new_component_begins_with_new_networks():
    options = {"component_rounds": 1, "classifier_rounds": 1}
    module, seen = make(**options), {}
    play(module, 2)
    old, compute = players(module), module._compute_gradients

    def watched(player, *rest):
        seen.setdefault(player, parameters(module.players()[player][0]))
        compute(player, *rest)

    module._compute_gradients = watched
    play(module, 3)
    assert seen.keys() == {"discriminator", "generator"}
    for player, initial in seen.items():
        assert not torch.equal(initial, old[player])
    assert torch.equal(parameters(module.classifier), old["classifier"])
    again, other = make(**options), make(**options)
    other.seed = 1
    for one in (again, other):
        play(one, 3)
    assert torch.equal(parameters(again.generator), parameters(module.generator))
    assert not torch.equal(parameters(other.generator), parameters(module.generator))


def test_states_of_optimizers_are_cleared_in_one_run():
    module = make(component_rounds=2, classifier_rounds=1)
    trainer = play(module, 5)
    steps = {
        player: next(iter(optimizer.state.values()))["step"].item()
        for player, optimizer in zip(module.players(), trainer.optimizers, strict=True)
    }
    assert steps == {"discriminator": 2, "generator": 2, "classifier": 1}


class Known(nn.Module):
    """A classifier whose logit is x times a parameter."""

    shape = SHAPE

    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(2.0))

    def forward(self, images):
        return self.slope * images[:, 0, 0, 0]


def test_images_are_weighted_by_the_classifiers_ratio():
    module = make(classifier=Known, optimizers=dict.fromkeys(("discriminator", "generator", "classifier"), SGD0))
    play(module, 5)
    data = Ring(n_train=64, n_validation=0, n_test=0)
    x = data.split("train").images[:, 0, 0, 0].double()
    expected, level = boosting_weights((-2 * x).exp(), 0.5)
    assert torch.allclose(module.image_weights, expected, rtol=1e-5)
    (real,) = (stream for stream in module.streams(5) if stream.name == "real")
    assert real.weights is module.image_weights
    recorded = module.meters.means()
    assert recorded["boosting_level"].item() == pytest.approx(level, rel=1e-5)
    assert recorded["reweighted_images"].item() == pytest.approx((expected > 0).double().mean().item())


SGD0 = partial(torch.optim.SGD, lr=0.0)


def test_the_classifiers_loss_is_the_cross_entropy_of_both_classes():
    module, images = make(), torch.randn(6, *SHAPE)
    torch.manual_seed(3)
    loss = module.classifier_loss(ImageBatch(images, torch.zeros(6)))
    torch.manual_seed(3)
    logits = module.classifier(torch.cat([images, module.sample(6)]))
    labels = torch.cat([torch.ones(6), torch.zeros(6)])
    assert loss.item() == pytest.approx(2 * F.binary_cross_entropy_with_logits(logits, labels).item(), rel=1e-5)
    loss.backward()
    assert all(p.grad is None for p in module.generator.parameters())


class Level(nn.Module):
    """A generator of one value."""

    shape = SHAPE

    def __init__(self, latent, value=0.0):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))

    def forward(self, z):
        return self.value.expand(len(z), *SHAPE) + 1e-3 * z[:, :1, None, None]


def test_samples_are_drawn_by_the_proportions():
    module = make(generator=Level)
    with torch.no_grad():
        for value, network in enumerate((*module.components, module.generator)):
            network.value.fill_(float(value))
    module.proportions.copy_(torch.tensor([0.5, 0.125, 0.375, 0.0]))
    samples = module.sample(8000, generator=torch.Generator().manual_seed(0))[:, 0, 0, 0]
    shares = samples.round().long().bincount(minlength=4) / 8000
    for found, share in zip(shares.tolist(), module.proportions.tolist(), strict=True):
        assert found == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / 8000))
    assert len(samples[:8].round().unique()) > 1  # in random order
    again = module.sample(8000, generator=torch.Generator().manual_seed(0))[:, 0, 0, 0]
    assert torch.equal(samples, again)
    assert module.capabilities() == {Samples}
    with pytest.raises(GenzooError, match="not conditioned on classes"):
        module.sample(2, torch.zeros(2).long())


def test_the_average_of_a_generator_joins_the_mixture_and_starts_anew():
    module = make(averages={"generator": Polyak()}, component_rounds=3, classifier_rounds=1)
    play(module, 3)
    assert torch.equal(parameters(module.components[0]), parameters(module.averages["generator"].network))
    assert not torch.equal(parameters(module.components[0]), parameters(module.generator))
    play(module, 5)
    assert module.averages["generator"].updates == 1


def test_a_mixture_without_members_is_refused():
    with pytest.raises(GenzooError, match=r"model.components=0: a positive integer is needed"):
        make(components=0)


def test_a_set_that_is_not_held_in_memory_is_refused():
    module = make()
    held = SimpleNamespace(images=torch.zeros(20))
    data = SimpleNamespace(count=lambda name: 50, split=lambda name: held, spec=SimpleNamespace(name="x"))
    module._trainer = SimpleNamespace(datamodule=data)
    with pytest.raises(GenzooError, match=r"data=x: .* a weight for each training image, but only 20 are held"):
        module.on_fit_start()


@pytest.mark.parametrize("at", [4, 6, 7])
def test_a_run_cut_in_any_phase_ends_with_the_weights_of_an_unbroken_one(at, tmp_path, monkeypatch):
    options = ("model=adagan", "data=ring", "data.n_train=64", "data.n_validation=32", "data.n_test=32")
    options += ("trainer=smoke", "recipe.batch_size=16", "logger=none", "trainer.rounds=9", "metrics=none")
    options += ("model.component_rounds=2", "model.classifier_rounds=2", "callbacks.checkpoints.every=1")
    one, two = whole_and_cut(options, at, tmp_path, monkeypatch)
    assert all(same(one[key], two[key]) for key in ("state_dict", "optimizer_states", "progress", "meters"))
    assert one["state_dict"]["proportions"].tolist() == [0.5, 0.5, 0, 0]


def test_the_recipe_is_as_long_as_its_phases():
    config = composed("model=adagan", "data=grid")
    width = config.width
    assert config.recipe.rounds == (
        width.components * width.component_rounds + (width.components - 1) * width.classifier_rounds
    )
