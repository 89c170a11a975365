"""GeneGAN: the losses by hand, exchanges and edits, clipping, the schedule, the networks, refusals."""

import pytest
import torch
from torch import nn

from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.schedules import WarmUp
from genzoo.nn.objectives import Wasserstein
from genzoo.translation.genegan import GeneGAN
from genzoo.translation.networks.genegan import Critic, Joiner, Splitter
from support.translators import SHAPE, Patches, adam, images

UNKNOWN = torch.full((3,), -1)
WEIGHTS = {"reconstruction": 0.5, "adversarial": 2.0, "nulling": 3.0, "parallelogram": 0.3, "decay": 0.7}


class Rows(nn.Module):
    """The code of the attribute is the two lower rows, times a gain."""

    code = 1, 2, 4

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.full((1, 1, 1, 1), 2.0))

    def forward(self, images):
        return images[:, :, :2], self.gain * images[:, :, 2:]


class Stack(nn.Module):
    """The inverse of ``Rows``."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.full((1, 1, 1, 1), 0.5))

    def forward(self, rest, attribute):
        return torch.cat([rest, self.gain * attribute], 2)


def make(splitter=None, joiner=None, shape=SHAPE, **options):
    torch.manual_seed(0)
    options = {f"{name}_weight": weight for name, weight in WEIGHTS.items()} | options
    parts = {"splitter": splitter or Rows(), "joiner": joiner or Stack(), "objective": Wasserstein()}
    options = {"discriminator": Patches, "target_shape": shape, "discriminator_steps": lambda rounds: 1} | options
    return GeneGAN("Smiling", shape=shape, **parts, **options, optimizers=adam("generator", "discriminator")).ready()


def lower(x):
    return torch.cat([torch.zeros_like(x[:, :, :2]), x[:, :, 2:]], 2)


def test_the_losses_are_those_of_the_formula():
    module, a, b = make(), images(0), images(1)
    discriminators, generators = module.turns()
    batches = {"a": ImageBatch(a, UNKNOWN), "b": ImageBatch(b, UNKNOWN)}
    without, having = b - lower(b), a - lower(a) + lower(b)  # the exchanged images of both domains
    d_a, d_b = module.discriminators["A"], module.discriminators["B"]
    of_d = d_a(without).mean() - d_a(a).mean() + d_b(having).mean() - d_b(b).mean()
    expected = (
        0.5 * lower(a).abs().mean()  # a is rebuilt without its lower half, b as it is
        - 2 * (d_a(without).mean() + d_b(having).mean())
        + 3 * 2 * a[:, :, 2:].abs().mean()
        + 0.3 * lower(a).abs().mean()
        + 0.7 * (2**2 + 0.5**2)
    )
    [for_d], [for_g] = discriminators.draws(**batches), generators.draws(**batches)
    torch.testing.assert_close(discriminators.losses["discriminator"](**for_d), of_d)
    torch.testing.assert_close(generators.losses["generator"](**for_g), expected)
    assert not any(x.requires_grad for x in for_d["made"].exchanged.values())
    assert all(x.requires_grad for x in for_g["made"].exchanged.values())


def test_images_without_the_attribute_do_not_depend_on_its_code_in_their_source():
    module, real = make(), {"A": images(0), "B": images(1)}
    made, other = module.join(real), module.join(real | {"A": real["A"] + lower(torch.ones(3, *SHAPE))})
    assert not torch.equal(made.e, other.e)
    for domain in real:
        assert torch.equal(made.exchanged[domain], other.exchanged[domain])
        assert torch.equal(made.rebuilt[domain], other.rebuilt[domain])


def test_two_swaps_rebuild_the_images():
    module, a, b = make(), images(0), images(1)
    having, without = module.swap(a, b)
    assert torch.equal(having, torch.cat([a[:, :, :2], b[:, :, 2:]], 2))
    again = module.swap(without, having)
    rebuilt = module.join({"A": a, "B": b}).rebuilt
    torch.testing.assert_close(again, (rebuilt["B"], rebuilt["A"]))
    torch.testing.assert_close(rebuilt["B"], b)


def test_an_edit_has_a_multiple_of_the_mean_code():
    module, b = make(), images(1)
    before = module.typical.clone()
    module.generator_draws(a=ImageBatch(images(0), UNKNOWN), b=ImageBatch(b, UNKNOWN))
    torch.testing.assert_close(module.typical, 0.99 * before + 0.01 * 2 * b[:, :, 2:].mean(0))
    x = images(5, n=4)
    for value in (0, 0.5, 1):
        edited = module.edit(x, {"Smiling": value})
        assert torch.equal(edited[:, :, :2], x[:, :, :2])
        torch.testing.assert_close(edited[:, :, 2:], (value * 0.5 * module.typical).expand(4, -1, -1, -1))
    torch.testing.assert_close(module.edit(x, {}), x)


def test_all_parameters_of_the_discriminators_are_clipped_and_no_others():
    shape = (1, 16, 16)
    parts = {"splitter": Splitter(shape, channels=2), "joiner": Joiner(1, channels=2)}
    module = make(shape=shape, discriminator=lambda inputs: Critic(inputs, size=16, channels=2), **parts)
    before = [p.clone() for p in [*module.splitter.parameters(), *module.joiner.parameters()]]
    module.after_step("generator")
    assert max(p.max() for p in module.discriminators.parameters()) == 1  # gains of batch norm
    module.after_step("discriminator")
    assert all(p.abs().max() <= 0.01 for p in module.discriminators.parameters())
    gains = [m.weight for m in module.discriminators.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(gains) == 6
    assert all((gain == torch.tensor(0.01)).all() for gain in gains)
    after = [*module.splitter.parameters(), *module.joiner.parameters()]
    assert all(torch.equal(p, q) for p, q in zip(before, after, strict=True))


def test_discriminators_move_more_often_in_each_five_hundredth_round():
    discriminators, generators = make(discriminator_steps=WarmUp(start=100, rounds=0, every=500, then=1)).turns()
    assert [discriminators.repeats_in(round) for round in (0, 1, 499, 500, 501, 1000)] == [100, 1, 1, 100, 1, 100]
    assert {generators.repeats_in(round) for round in (0, 1, 500)} == {1}


def test_the_networks_are_those_of_the_code():
    splitter, joiner, critic = Splitter((3, 64, 64)), Joiner(3), Critic(3, 64)
    assert [m.weight.shape[:2] for m in splitter.modules() if isinstance(m, nn.Conv2d)] == [
        (128, 3),
        (256, 128),
        (512, 256),
    ]
    transposed = [m for m in joiner.modules() if isinstance(m, nn.ConvTranspose2d)]
    assert [m.weight.shape[:2] for m in transposed] == [(512, 512), (512, 256), (256, 3)]
    assert [m.bias is None for m in transposed] == [True, True, False]
    assert [m.weight.shape[0] for m in critic.modules() if isinstance(m, nn.Conv2d)] == [128, 256, 512, 512]
    assert critic.layers[-1].weight.shape == (1, 512 * 4 * 4)
    rest, attribute = splitter(images := torch.rand(2, 3, 64, 64))
    assert (rest.shape, attribute.shape) == ((2, 384, 8, 8), (2, 128, 8, 8))
    assert joiner(rest, attribute).shape == images.shape
    assert {(m.eps, m.momentum) for m in critic.modules() if isinstance(m, nn.BatchNorm2d)} == {(1e-3, 0.01)}
    assert splitter.layers[0][0].weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_other_attributes_domains_weights_and_sizes_are_one_line():
    data = DataSpec("by_attribute", (1, 4, 4), domains=("no_Young", "Young"), target_channels=1)
    with pytest.raises(
        GenzooError, match=r"^model\.attribute=Smiling: the second domain .* is Young; set model\.attribute=Young\.$"
    ):
        make().check_data(data)
    with pytest.raises(GenzooError, match=r"^data: this model translates images of one domain"):
        make(target_shape=(0, 4, 4))
    with pytest.raises(GenzooError, match=r"^data: the domains have 1 and 3 channels"):
        make(target_shape=(3, 4, 4))
    with pytest.raises(GenzooError, match=r"^model\.nulling_weight=-1: "):
        make(nulling_weight=-1)
    with pytest.raises(GenzooError, match=r"^model\.weight_clip=0: a positive bound is needed"):
        make(weight_clip=0)
    with pytest.raises(GenzooError, match=r"^data\.size=28: this model needs a multiple of 8, from 16 on\.$"):
        Splitter((1, 28, 28))
    with pytest.raises(GenzooError, match=r"^model\.splitter\.share=1\.0: a share between 0 and 1 of the 8 maps"):
        Splitter((1, 16, 16), channels=2, share=1.0)
