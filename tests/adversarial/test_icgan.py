"""IcGAN: the losses by hand, attributes of other images, planes, what each encoder sees, phases, edits, refusals."""

import math
from functools import partial
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.adversarial.attributes import Attributes, Classes, known_attributes
from genzoo.adversarial.icgan import ICGAN
from genzoo.adversarial.networks.dcgan import Discriminator as DCGANDiscriminator
from genzoo.adversarial.networks.dcgan import Generator
from genzoo.adversarial.networks.icgan import Discriminator, Encoder
from genzoo.adversarial.rounds import Shared
from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.capabilities import Decodes, EditsAttributes, Encodes, Samples
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from genzoo.core.latent_search import movable
from genzoo.core.randomness import other_rows
from genzoo.data.shapes import Shapes
from genzoo.nn.objectives import NonSaturating
from genzoo.runs.build import build_module
from support import cpu_trainer, resolved, same
from support.games import AfterEachRound

SHAPE = (1, 2, 2)
PLAYERS = ("discriminator", "generator", "noise_encoder", "attribute_encoder")


class Written(nn.Module):
    """Writes a code of four numbers as the image's pixels, times a gain."""

    shape = SHAPE

    def __init__(self, latent):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(0.5))

    def forward(self, z):
        return self.gain * z.view(-1, *SHAPE)


class Read(nn.Module):
    """Reads the pixels, from a given one on, times a gain."""

    shape = SHAPE

    def __init__(self, outputs, first):
        super().__init__()
        self.pixels = slice(first, first + outputs)
        self.gain = nn.Parameter(torch.tensor(0.5))

    def features(self, images):
        return images.flatten(1)

    def forward(self, images):
        return self.gain * self.features(images)[:, self.pixels]


class Bilinear(nn.Module):
    """The product of an image, a matrix and a code."""

    shape, latent = SHAPE, 2

    def __init__(self):
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(4, 2))

    def forward(self, images, codes):
        return ((images.flatten(1) @ self.matrix) * codes).sum(1)


def make(part=None, **options):
    torch.manual_seed(0)
    part = part or Attributes({"Young": 2, "Male": 0})
    options = {
        "latent": Latent(noise=Normal(2), attributes=part),
        "generator": Written,
        "discriminator": Bilinear(),
        "noise_encoder": partial(Read, first=0),
        "attribute_encoder": partial(Read, first=2),
        "objective": NonSaturating(),
        "round": Shared(),
        "game_rounds": 2,
        "optimizers": dict.fromkeys(PLAYERS, partial(torch.optim.Adam, lr=0.01)),
    } | options
    return ICGAN(**options).ready()


def batch(n=8, seed=0):
    """Images whose attributes (Young, Male) count in binary."""
    draws = torch.Generator().manual_seed(seed)
    bits = torch.tensor([[i // 2 % 2, i % 2] for i in range(n)]).float()
    factors = torch.stack([bits[:, 1], torch.rand(n, generator=draws), bits[:, 0]], 1)
    return ImageBatch(torch.rand(n, *SHAPE, generator=draws) * 2 - 1, torch.full((n,), -1), factors)


def attributes_of(real):
    return real.factors[:, [2, 0]] * 2 - 1


def cross_entropy(logits, label):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def test_the_losses_are_the_cross_entropies_of_the_code(monkeypatch):
    module, real = make(), batch()
    y = attributes_of(real)
    monkeypatch.setattr("genzoo.adversarial.icgan.other_rows", lambda y: torch.arange(len(y)).roll(3))
    made = module.make(real)
    codes, fake = made
    d = module.discriminator
    expected = (
        cross_entropy(d(real.images, y), 1.0)
        + 0.5 * cross_entropy(d(real.images, y.roll(3, 0)), 0.0)
        + 0.5 * cross_entropy(d(fake, codes[:, 2:]), 0.0)
    )
    loss = module.discriminator_loss(real, made)
    torch.testing.assert_close(loss, expected)
    assert torch.autograd.grad(loss, module.generator.gain, allow_unused=True) == (None,)
    torch.testing.assert_close(module.generator_loss(real, made), cross_entropy(d(fake, codes[:, 2:]), 1.0))
    torch.testing.assert_close(fake.flatten(1), 0.5 * codes)
    targets = module.noise_loss(made), module.attribute_loss(real)
    torch.testing.assert_close(targets[0], (0.5 * fake.flatten(1)[:, :2] - codes[:, :2]).square().mean())
    torch.testing.assert_close(targets[1], (0.5 * real.images.flatten(1)[:, 2:] - y).square().mean())


def test_generated_images_have_the_attributes_of_the_other_real_images():
    module = make()
    real = batch()._replace(factors=torch.arange(8)[:, None].expand(-1, 3) / 7)  # the last four have both
    given = torch.tensor([1.0, -1, -1, -1, -1, 1, 1, 1])
    codes, _ = module.make(real)
    assert torch.equal(codes[:, 2:], given[:, None].expand(-1, 2))
    assert not torch.equal(codes[:, :2], module.make(real)[0][:, :2])


def test_wrong_attributes_are_of_the_batch_and_differ_from_the_right_ones():
    torch.manual_seed(0)
    y = torch.tensor([[1.0, 1.0], [1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
    drawn = torch.stack([y[other_rows(y)] for _ in range(400)])
    assert (drawn != y).any(2).all()
    to_last = (drawn[:, 0] == y[3]).all(1).float().mean()
    assert to_last.item() == pytest.approx(0.5, abs=0.1)
    assert torch.equal(y[other_rows(y[:2])], y[:2])


def test_attributes_are_of_the_named_columns_or_the_classes():
    real = batch()._replace(labels=torch.arange(8) % 3)
    assert torch.equal(known_attributes(0, {"Young": 2, "Male": 0}).of(real), attributes_of(real))
    classes = known_attributes(3)
    assert torch.equal(classes.of(real).argmax(1), real.labels)
    assert classes.of(real).sum(1).eq(-1).all()
    assert classes.names == ("0", "1", "2")
    assert (classes.pool, Attributes({"Male": 0}).pool) == ("labelled", "train")


@pytest.mark.parametrize(
    ("part", "sums", "entropy"),
    [(Attributes({"a": 0, "b": 1}), {-2, 0, 2}, math.log(4)), (Classes(2), {0}, math.log(2))],
)
def test_draws_are_signs_of_equal_probability_and_walks_have_one_attribute_per_row(part, sums, entropy):
    draws = part.sample(4000, torch.Generator().manual_seed(0))
    assert set(draws.sum(1).tolist()) == sums
    assert draws.unique().tolist() == [-1, 1]
    torch.testing.assert_close(draws.mean(0), torch.zeros(2), rtol=0, atol=0.06)
    assert part.entropy == pytest.approx(entropy)
    assert part.walk(3)[1].tolist() == [[-1, 1]] * 3
    assert movable(Latent(attributes=part, noise=Normal(1))).tolist() == [False, False, True]


def test_the_discriminator_joins_attributes_after_its_first_convolution():
    network = Discriminator((3, 64, 64), latent=18)
    convolutions = [m.weight.shape[:2] for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert convolutions == [(64, 3), (128, 64 + 18), (256, 128), (512, 256)]
    seen = []
    network.rest[0].register_forward_pre_hook(lambda layer, given: seen.append(given[0]))
    images, codes = torch.rand(2, 3, 64, 64), torch.arange(36.0).view(2, 18)
    network(images, codes)
    torch.testing.assert_close(seen[0][:, :64], network.first(images))
    assert torch.equal(seen[0][:, 64:], codes[:, :, None, None].expand(-1, -1, 32, 32))
    plain = DCGANDiscriminator((3, 64, 64))
    assert [m.weight.shape[:2] for m in plain.modules() if isinstance(m, nn.Conv2d)][1] == (128, 64)


def test_the_encoders_are_those_of_the_code():
    for hidden, width in ((None, 4096), (512, 512)):
        network = Encoder((3, 64, 64), outputs=18, hidden=hidden)
        convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
        assert [m.weight.shape for m in convolutions] == [
            (32, 3, 5, 5),
            (64, 32, 5, 5),
            (128, 64, 5, 5),
            (256, 128, 5, 5),
        ]
        linear = [m.weight.shape for m in network.modules() if isinstance(m, nn.Linear)]
        assert linear == [(width, 4096), (18, width)]
        norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        assert (len(norms), sum(isinstance(m, nn.ReLU) for m in network.modules())) == (5, 5)
        assert network.features(torch.rand(2, 3, 64, 64)).shape == (2, width)


def test_the_noise_encoder_sees_images_of_inference_and_the_attribute_encoder_real_ones():
    shape = (1, 16, 16)
    networks = {
        "generator": partial(Generator, shape=shape, channels=2),
        "discriminator": Discriminator(shape, latent=2, channels=2),
        "noise_encoder": partial(Encoder, shape=shape, channels=2),
        "attribute_encoder": partial(Encoder, shape=shape, channels=2),
    }
    module, real = make(**networks), batch()._replace(images=torch.rand(8, *shape))
    *_, of_noise, of_attributes = module.turns()
    seen = {"noise_encoder": [], "attribute_encoder": []}
    for name, images in seen.items():
        getattr(module, name).register_forward_pre_hook(lambda net, given, images=images: images.append(given[0]))
    before = {name: value.clone() for name, value in module.generator.state_dict().items()}
    [arguments] = of_noise.draws(real=real)
    of_noise.losses["noise_encoder"](**arguments)
    [given] = of_attributes.draws(real=real)
    of_attributes.losses["attribute_encoder"](**given)
    codes, images = arguments["made"]
    assert [len(images) for images in seen.values()] == [1, 1]
    assert seen["noise_encoder"][0] is images
    assert seen["attribute_encoder"][0] is real.images
    torch.testing.assert_close(images, module.decode(codes))
    assert not images.requires_grad
    assert same(before, module.generator.state_dict())
    assert module.generator.training
    assert torch.equal(codes[:, 2:], attributes_of(real).roll(1, 0))


def play(module, rounds, callbacks=()):
    data = Shapes(size=16, channels=1, n_train=64, n_validation=0, n_test=0, batch_size=8, rounds=rounds)
    cpu_trainer(callbacks=list(callbacks)).fit(module, datamodule=data)


def composed_module(*options):
    return build_module(resolved("model=icgan", "data=shapes", "data.size=16", "data.channels=1", *options)).ready()


def test_the_game_is_played_first_then_the_encoders_learn_and_the_other_networks_stay_to_the_bit():
    module, states = composed_module("trainer=smoke", "model.game_rounds=2"), []
    names = ("generator", "discriminator", "noise_encoder", "attribute_encoder")

    def held(trainer, module):
        states.append({n: {k: v.clone() for k, v in getattr(module, n).state_dict().items()} for n in names})

    held(None, module)
    play(module, 4, [AfterEachRound(held)])
    changed = [{name for name in names if not same(one[name], two[name])} for one, two in pairwise(states)]
    assert changed == [{*names[:2]}] * 2 + [{*names[2:]}] * 2
    assert {s.batches for round in range(4) for s in module.streams(round)} == {1}


def test_an_edit_changes_the_chosen_entry_of_the_signs():
    module, images = make(), batch().images
    assert module.capabilities() == {Samples, Decodes, Encodes, EditsAttributes}
    x = images.flatten(1)
    torch.testing.assert_close(module.encode(images), 0.5 * x)
    y = x[:, 2:].sign()
    for value in (0, 0.25, 1):
        edited = module.edit(images, {"Male": value}).flatten(1)
        torch.testing.assert_close(edited[:, :2], 0.25 * x[:, :2])
        torch.testing.assert_close(edited[:, 2], 0.5 * y[:, 0])
        torch.testing.assert_close(edited[:, 3], torch.full((8,), 0.5 * (2 * value - 1)))
    torch.testing.assert_close(module.edit(images, {}).flatten(1)[:, 2:], 0.5 * y)


def test_the_recipe_of_celeba_has_the_attributes_and_numbers_of_the_code():
    config = resolved("experiment=icgan/celeba")
    model, data = config["model"], DataSpec("celeba", (3, 64, 64), factors=(*"abcd", "Bald"))
    columns = model["latent"]["attributes"]["columns"]
    dropped = {1, 2, 3, 4, 7, 8, 11, 14, 15, 17, 20, 24, 25, 26, 28, 30, 31, 35, 37, 38, 39, 40}
    assert [column + 1 for column in columns.values()] == sorted(set(range(1, 41)) - dropped)
    module = build_module(config)
    assert module.attributes == tuple(columns)
    with pytest.raises(GenzooError, match=r"columns\.Bangs=5: the factors of data=celeba are a, b, c, d, Bald; choose"):
        module.check_data(data)
    assert {name: (o["lr"], o["betas"][0]) for name, o in model["optimizers"].items()} == {
        "discriminator": (2e-4, 0.5),
        "generator": (2e-4, 0.5),
        "noise_encoder": (1e-4, 0.1),
        "attribute_encoder": (1e-4, 0.1),
    }
    widths = [m.out_channels for m in module.generator.modules() if isinstance(m, nn.ConvTranspose2d)]
    assert widths == [256, 128, 64, 3]
    assert module.generator.layers[0].weight.shape == (512 * 16, 118)


def test_what_does_not_fit_is_refused_in_one_line():
    with pytest.raises(GenzooError, match=r"^model\.game_rounds=0: a positive integer is needed\.$"):
        make(game_rounds=0)
    with pytest.raises(GenzooError, match=r"^model\.latent\.attributes: a part Attributes or Classes is needed\.$"):
        make(latent=Latent(noise=Normal(2), attributes=Normal(2)))
    with pytest.raises(GenzooError, match=r"^model\.discriminator\.latent=2: the number of attributes, 3, is"):
        make(part=Classes(3))
    with pytest.raises(GenzooError, match=r"^model\.attribute_encoder: its images have .*\(1, 16, 16\)"):
        make(attribute_encoder=partial(Encoder, shape=(1, 16, 16), channels=2))
    with pytest.raises(GenzooError, match=r"^model\.latent\.attributes: the data has no classes; choose labelled data"):
        known_attributes(0)
    with pytest.raises(GenzooError, match=r"^model\.latent\.attributes\.size=2, but data=mnist has 10 classes; use"):
        make(part=Classes(2)).check_data(DataSpec("mnist", (1, 2, 2), classes=10))
    with pytest.raises(GenzooError, match=r"columns\.Young=2: the factors of data=mnist are none; choose data with"):
        make().check_data(DataSpec("mnist", (1, 2, 2)))
    make().check_data(DataSpec("faces", (1, 2, 2), factors=("Male", "Bald", "Young")))
    with pytest.raises(GenzooError, match=r"^model\.game_rounds=2: the run has 2 rounds, none of them for the"):
        play(composed_module("trainer=smoke", "model.game_rounds=2"), 2)
