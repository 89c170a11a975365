"""DiscoGAN: the loss by hand, whose turn it is, the networks, refusals."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.nn.objectives import NonSaturating
from genzoo.translation.discogan import DiscoGAN
from genzoo.translation.networks.discogan import DiscoDiscriminator, DiscoTranslator
from support.translators import SHAPE, Affine, Patches, adam, images

UNKNOWN = torch.full((3,), -1)


class Layered(nn.Module):
    """Two linear layers, of which the first is a feature map."""

    def __init__(self, inputs):
        super().__init__()
        self.first, self.second = nn.Linear(inputs * 16, 5), nn.Linear(5, 1)

    def feature_maps(self, images):
        return [self.first(images.flatten(1)), images]

    def logits(self, maps):
        return self.second(maps[0]).squeeze(1)

    def forward(self, images):
        return self.logits(self.feature_maps(images))


def make(**options):
    torch.manual_seed(0)
    options = {"generator": Affine, "discriminator": Layered, "reconstruction_rate": lambda rounds: 0.25} | options
    parts = {"shape": SHAPE, "target_shape": SHAPE, "objective": NonSaturating()}
    return DiscoGAN(**parts, **options, optimizers=adam("generator", "discriminator")).ready()


def drawn(module):
    discriminators, generators = module.turns()
    batches = {"a": ImageBatch(images(0), UNKNOWN), "b": ImageBatch(images(1), UNKNOWN)}
    return discriminators, generators, *(turn.draws(**batches)[0] for turn in (discriminators, generators))


def test_the_losses_are_those_of_the_formula():
    module = make(adversarial_weight=0.2, matching_weight=0.6)
    with torch.no_grad():
        module.generators["A"].gain.fill_(-0.2)
    discriminators, generators, for_d, for_g = drawn(module)
    x, y = images(0), images(1)
    g, f = (lambda z: 0.5 * z + 0.1), (lambda z: -0.2 * z + 0.1)
    expected, of_d = 0.0, 0.0
    for real, there, back, of, fake in ((x, g, f, "A", f(y)), (y, f, g, "B", g(x))):
        d = module.discriminators[of]
        reconstruction = ((back(there(real)) - real) ** 2).mean() / 4  # of values in [0, 1]
        adversarial = -d(fake).sigmoid().log().mean()
        means = [(a.mean(0) - b.mean(0)) ** 2 for a, b in zip(d.feature_maps(real), d.feature_maps(fake), strict=True)]
        matching = sum(square.mean() for square in means)
        expected += 0.25 * reconstruction + 0.75 * (0.2 * adversarial + 0.6 * matching)
        of_d -= d(real).sigmoid().log().mean() + (1 - d(fake).sigmoid()).log().mean()
    torch.testing.assert_close(generators.losses["generator"](**for_g), expected)
    torch.testing.assert_close(discriminators.losses["discriminator"](**for_d), of_d)


def test_discriminators_move_in_each_third_round_and_generators_in_the_others():
    module = make()
    turns = module.turns()
    assert [[turn.repeats_in(round) for turn in turns] for round in range(4)] == [[1, 0], [0, 1], [0, 1], [1, 0]]
    *_, for_d, for_g = drawn(module)
    assert not any(x.requires_grad for x in for_d["made"].values())
    assert all(x.requires_grad for x in for_g["made"].values())


def test_the_rate_is_that_of_the_round():
    module = make(reconstruction_rate=lambda rounds: float(rounds == 7), adversarial_weight=0.0, matching_weight=1.0)
    _, generators, _, arguments = drawn(module)
    matching = generators.losses["generator"](**arguments)
    module.progress.rounds = 7
    x, y = images(0), images(1)
    squares = [((0.5 * (0.5 * z + 0.1) + 0.1 - z) ** 2).mean() / 4 for z in (x, y)]
    torch.testing.assert_close(generators.losses["generator"](**arguments), sum(squares))
    assert matching != sum(squares)


def test_the_networks_are_those_of_the_code():
    translator, discriminator = DiscoTranslator((3, 64, 64), 3), DiscoDiscriminator(3, 64)
    maps = [m.weight.shape[:2] for m in translator.modules() if isinstance(m, nn.Conv2d)]
    assert maps == [(64, 3), (128, 64), (256, 128), (512, 256)]
    back = [m.weight.shape[:2] for m in translator.modules() if isinstance(m, nn.ConvTranspose2d)]
    assert back == [(512, 256), (256, 128), (128, 64), (64, 3)]
    shapes = [tuple(x.shape[1:]) for x in discriminator.feature_maps(torch.zeros(1, 3, 64, 64))]
    assert shapes == [(128, 16, 16), (256, 8, 8), (512, 4, 4)]
    assert discriminator.head.weight.shape == (1, 512, 4, 4)
    assert all(m.bias is None for m in [*translator.modules(), *discriminator.modules()] if isinstance(m, nn.Conv2d))
    last = translator.eval().layers(noise := torch.randn(2, 3, 64, 64))
    torch.testing.assert_close(translator(noise), 2 * F.sigmoid(last) - 1)


def test_discriminators_without_feature_maps_sizes_and_weights_are_refused():
    with pytest.raises(GenzooError, match=r"^model\.discriminator: this model needs a FeatureMaps .* Patches has no"):
        make(discriminator=Patches)
    with pytest.raises(GenzooError, match=r"^model\.adversarial_weight=-1: "):
        make(adversarial_weight=-1)
    with pytest.raises(GenzooError, match=r"^data\.size: .* a multiple of 4 above 8, not 9\.$"):
        DiscoTranslator((3, 9, 9), 3)
