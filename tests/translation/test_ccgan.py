"""CC-GAN: its losses by hand, holes, classes, and its networks."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.nn.objectives import NonSaturating
from genzoo.translation.ccgan import CCGAN
from genzoo.translation.networks.ccgan import ClassifyingVGG, HoleFiller
from support.translators import SHAPE, Affine, adam, images


class Judge(nn.Module):
    """A logit and three class logits, linear in the pixels."""

    classes = 3

    def __init__(self):
        super().__init__()
        self.logit, self.of_class = nn.Linear(16, 1), nn.Linear(16, 3)

    def forward(self, x):
        return self.logit(x.flatten(1)).squeeze(1)

    def class_logits(self, x):
        return self.of_class(x.flatten(1))


def make(**options):
    torch.manual_seed(0)
    options = {"shape": SHAPE, "generator": Affine, "discriminator": Judge()} | options
    return CCGAN(objective=NonSaturating(), optimizers=adam("generator", "discriminator"), **options).ready()


def drawn(module):
    (turn,) = module.turns()
    labelled = ImageBatch(images(1), torch.tensor([0, 2, 1]))
    (arguments,) = turn.draws(labelled=labelled, unlabelled=ImageBatch(images(0), torch.full((3,), -1)))
    return turn, arguments


def test_a_hole_of_half_of_the_side_is_filled_in_from_the_rest():
    _, arguments = drawn(make())
    x, g, filled = (arguments[name] for name in ("real", "whole", "filled"))
    missing = g == 0.1  # the affine generator's image of 0
    assert missing.flatten(1).sum(1).tolist() == [4, 4, 4]
    torch.testing.assert_close(g, torch.where(missing, 0.1, 0.5 * x + 0.1))
    torch.testing.assert_close(filled, torch.where(missing, g, x))


@pytest.mark.parametrize("whole", [0.0, 0.5])
def test_the_losses_are_those_of_the_formula(whole):
    module = make(whole_weight=whole, class_weight=2.0)
    turn, arguments = drawn(module)
    judge, labelled = module.discriminator, arguments["labelled"]
    p = {name: judge(arguments[name]).sigmoid() for name in ("real", "filled", "whole")}
    d = -p["real"].log().mean() - (1 - p["filled"]).log().mean()
    d = d + whole * (-p["real"].log().mean() - (1 - p["whole"]).log().mean())
    d = d + 2 * F.cross_entropy(judge.class_logits(labelled.images), labelled.labels)
    torch.testing.assert_close(turn.losses["discriminator"](**arguments), d)
    g = -p["filled"].log().mean() - whole * p["whole"].log().mean()
    torch.testing.assert_close(turn.losses["generator"](**arguments), g)


def test_the_discriminator_moves_first_and_gives_no_gradient_to_the_generator():
    module = make(whole_weight=1.0)
    turn, arguments = drawn(module)
    assert [*turn.losses] == ["discriminator", "generator"]
    assert not turn.at_once
    turn.losses["discriminator"](**arguments).backward()
    assert module.generator.gain.grad is None


def test_any_mask_is_served_and_classes_are_those_of_the_head():
    module, x = make(), images(2)
    mask = torch.rand(3, 1, 4, 4) < 0.5
    expected = torch.where(mask, x, torch.tensor(0.1))
    torch.testing.assert_close(module.complete(x, mask), expected)
    assert torch.equal(module.classify(x), module.discriminator.class_logits(x).detach())
    with pytest.raises(GenzooError, match=r"^model\.discriminator\.classes=3, but data=x has 4 classes"):
        module.check_data(DataSpec("x", (1, 4, 4), classes=4))


def test_what_it_cannot_be_is_one_line():
    with pytest.raises(GenzooError, match=r"^model\.whole_weight=-1"):
        make(whole_weight=-1)
    with pytest.raises(GenzooError, match=r"^model\.discriminator: this model needs a Classifying"):
        make(discriminator=nn.Linear(1, 1))
    with pytest.raises(GenzooError, match=r"^model\.discriminator\.classes=0: "):
        ClassifyingVGG(SHAPE, classes=0)


def test_at_64_pixels_the_layers_are_those_of_the_original():
    with torch.device("meta"):
        generator, judge = HoleFiller((3, 64, 64), 3), ClassifyingVGG((3, 64, 64), classes=10)
    widths = [m.out_channels for m in generator.layers if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    assert widths == [64, 128, 256, 512, 256, 128, 64, 3]
    layers = [m for m in judge.trunk if isinstance(m, nn.Conv2d | nn.MaxPool2d)]
    found = [m.out_channels if isinstance(m, nn.Conv2d) else "M" for m in layers]
    assert found == [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"]
    assert judge.head[0].weight.shape == (1, 512, 2, 2)
    assert judge.class_head[1].weight.shape == (10, 512, 2, 2)
    assert len([m for m in generator.layers if isinstance(m, nn.BatchNorm2d)]) == 7


@pytest.mark.parametrize("size", [28, 32, 96, 128])
def test_other_sizes_have_one_logit_and_images_of_their_size(size):
    x = torch.randn(2, 1, size, size)
    judge = ClassifyingVGG((1, size, size), classes=4, channels=1)
    assert judge(x).shape == (2,)
    assert judge.class_logits(x).shape == (2, 4)
    assert HoleFiller((1, size, size), 1, channels=1)(x).shape == x.shape
