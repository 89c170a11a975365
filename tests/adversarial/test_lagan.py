"""LAGAN: each loss by hand, flips of targets, the rounds, classes of samples, refusals."""

import pytest
import torch

from genzoo.adversarial.lagan import LAGAN
from genzoo.adversarial.networks.jet_discriminator import JetDiscriminator
from genzoo.adversarial.networks.jet_generator import JetGenerator
from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.parts import Parts
from support.translators import adam

NEVER = {"real": 0.0, "fake": 0.0, "fake_class": 0.0, "asked_class": 0.0}
SPEC = DataSpec("jets", (625,), None, 2, axes="", parts=Parts({"jet": (25, 25)}))


def make(**options):
    torch.manual_seed(0)
    networks = {
        "generator": JetGenerator(latent=3, base=2, maps=2, local=2),
        "discriminator": JetDiscriminator(maps=2, local=2, kernels=2, dimensions=2),
    }
    return LAGAN(optimizers=adam("discriminator", "generator"), **networks, **options).ready()


def batch(n=6):
    jets = torch.rand(n, 625, generator=torch.Generator().manual_seed(1))
    return ImageBatch(jets, torch.arange(n) % 2)


class Judge(torch.nn.Module):
    """Logits are the first two pixels."""

    def forward(self, jets):
        return jets[:, 0], jets[:, 1]


def entropies(jets, real, classes):
    """The mean of -log of the probability of each target, of both outputs."""
    of_real, of_one = jets[:, 0].sigmoid(), jets[:, 1].sigmoid()
    return [
        -torch.where(targets == 1, p, 1 - p).log().mean()
        for p, targets in ((of_real, torch.as_tensor(real)), (of_one, classes))
    ]


@pytest.mark.parametrize("weight", [1.0, 0.25])
def test_each_loss_is_the_sum_of_both_cross_entropies(weight, monkeypatch):
    module, real = make(flips=NEVER, class_weight=weight), batch()
    module.discriminator = Judge()
    monkeypatch.setattr(module, "draw", lambda asked: real.images)
    for found, target in (
        (module.real_loss(real), 1),
        (module.fake_loss(real.images, real.labels), 0),
        (module.generator_loss(real.labels), 1),
    ):
        one, two = entropies(real.images, target, real.labels)
        torch.testing.assert_close(found, one + weight * two)


@pytest.mark.parametrize(
    ("flip", "changed"),
    [
        ("real", {"real_loss": (0, False)}),
        ("fake", {"fake_loss": (1, False)}),
        ("fake_class", {"fake_loss": (0, True)}),
        ("asked_class", {"generator_loss": (1, True)}),
    ],
)
def test_a_flip_changes_the_target_of_its_name_only(flip, changed, monkeypatch):
    module, real = make(flips=NEVER | {flip: 1.0}), batch()
    module.discriminator = Judge()
    monkeypatch.setattr(module, "draw", lambda asked: real.images)
    losses = {
        "real_loss": module.real_loss(real),
        "fake_loss": module.fake_loss(real.images, real.labels),
        "generator_loss": module.generator_loss(real.labels),
    }
    for name, found in losses.items():
        target, flipped = changed.get(name, ({"fake_loss": 0}.get(name, 1), False))
        torch.testing.assert_close(found, sum(entropies(real.images, target, (real.labels + flipped) % 2)))


def test_targets_are_flipped_independently_with_their_probability():
    module = make(flips=NEVER | {"real": 0.3})
    torch.manual_seed(1)
    targets = torch.tensor([0.0, 1.0]).repeat(20_000)
    found = module.flipped(targets, "real")
    assert set(found.tolist()) == {0.0, 1.0}
    for label in (0, 1):
        assert (found != targets)[label::2].float().mean().item() == pytest.approx(0.3, abs=0.012)
    assert torch.equal(module.flipped(targets, None), targets)


def test_a_round_is_real_fake_and_twice_the_generator_with_new_classes():
    module, real = make(), batch(200)
    first, second, third = module.turns()
    assert [list(turn.losses) for turn in (first, second, third)] == [["discriminator"]] * 2 + [["generator"]]
    assert {stream.pool for turn in (first, second, third) for stream in turn.streams} == {"labelled"}
    (fake,), asked = list(second.draws(real=real)), list(third.draws(real=real))
    assert len(asked) == 2
    classes = [fake["asked"], *(one["asked"] for one in asked)]
    assert all(0.35 < one.double().mean() < 0.65 for one in classes)
    assert not any(torch.equal(a, b) for i, a in enumerate([*classes, real.labels]) for b in classes[:i])
    assert fake["made"].shape == (200, 625)
    assert not fake["made"].requires_grad


def test_samples_are_of_the_classes_asked_for():
    module, labels = make(), torch.arange(150) % 2
    found = module.sample(150, labels, torch.Generator().manual_seed(3))
    assert found.shape == (150, 625)
    assert found.min() >= 0
    randomness = torch.Generator().manual_seed(3)
    with torch.no_grad():
        module.eval()
        expected = [
            module.generator(torch.randn(len(part), 3, generator=randomness), part) for part in labels.split(100)
        ]
    torch.testing.assert_close(found, torch.cat(expected))
    assert not torch.equal(found, module.sample(150, 1 - labels, torch.Generator().manual_seed(3)))
    assert torch.equal(
        module.sample(5, generator=torch.Generator().manual_seed(3)),
        module.sample(5, generator=torch.Generator().manual_seed(3)),
    )


def test_other_data_and_settings_are_one_line():
    module = make()
    module.check_data(SPEC)
    with pytest.raises(GenzooError, match=r"^data=jets has 3 classes, but the model needs 2; choose data=jets\.$"):
        module.check_data(SPEC._replace(classes=3))
    with pytest.raises(GenzooError, match=r"^data=mnist has images, but the model needs energies in cells; "):
        module.check_data(DataSpec("mnist", (1, 28, 28)))
    with pytest.raises(GenzooError, match=r"^data=showers has energies in cells of \(cells\) \(504,\), but the model"):
        module.check_data(SPEC._replace(name="showers", shape=(504,)))
    with pytest.raises(GenzooError, match=r"^model\.class_weight=-1: "):
        make(class_weight=-1)
    with pytest.raises(GenzooError, match=r"^model\.flips\.real=1\.5: a probability from 0 to 1 is needed\.$"):
        make(flips=NEVER | {"real": 1.5})
    with pytest.raises(GenzooError, match=r"^model\.flips has real, but real, fake, fake_class, asked_class are"):
        make(flips={"real": 0.0})
    with pytest.raises(GenzooError, match=r"^labels: 0 to 2 were given; this model has the classes 0 to 1\.$"):
        module.sample(2, torch.tensor([0, 2]))
