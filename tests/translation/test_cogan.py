"""CoGAN: the losses by hand, what is shared, whom they move; its classifier of both domains."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genzoo.core.batches import DataSpec, ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Latent, Normal
from genzoo.nn.objectives import NonSaturating
from genzoo.translation.adapting_cogan import AdaptingCoGAN
from genzoo.translation.cogan import CoGAN
from genzoo.translation.networks.cogan import CoupledDiscriminator, CoupledGenerator

SHAPE = (1, 28, 28)
CODE = 3


class Halves(nn.Module):
    """The sum of the pixels, times the domain's gain and a shared one, is the only feature, and the logit."""

    def __init__(self, shapes, width=1):
        super().__init__()
        self.width = width
        self.own = nn.ParameterDict({of: torch.tensor(gain) for of, gain in zip(shapes, (0.01, -0.02), strict=True)})
        self.shared = nn.Parameter(torch.tensor(0.5))

    def features(self, images, domain):
        return self.shared * self.own[domain] * images.sum((1, 2, 3))[:, None]

    def head(self, features):
        return features[:, 0]


class Planes(nn.Module):
    """The sum of a code in every pixel, times a gain of each domain."""

    def __init__(self, latent, shapes):
        super().__init__()
        self.own = nn.ParameterDict({of: torch.tensor(gain) for of, gain in zip(shapes, (0.1, 0.3), strict=True)})

    def forward(self, z):
        return {of: gain * z.sum(1)[:, None, None, None].expand(-1, *SHAPE) for of, gain in self.own.items()}


def make(kind=CoGAN, **options):
    torch.manual_seed(0)
    options = {"target_shape": SHAPE, "generator": Planes, "discriminator": Halves} | options
    return kind(
        shape=SHAPE,
        latent=Latent(noise=Normal(CODE)),
        objective=NonSaturating(),
        optimizers={player: torch.optim.Adam for player in ("discriminator", "generator")},
        **options,
    ).ready()


def batch(seed):
    images = 2 * torch.rand(5, *SHAPE, generator=torch.Generator().manual_seed(seed)) - 1
    return ImageBatch(images, torch.tensor([0, 1, 1, 0, 1]))


def arguments(module):
    """The discriminators' arguments, and the logits of the real and of the generated images."""
    (given,) = module.draws(a=batch(0), b=batch(1))
    gains = {of: (module.discriminator.shared * gain).detach() for of, gain in module.discriminator.own.items()}
    logits = {
        kind: torch.cat([gains[of] * images.sum((1, 2, 3)) for of, images in given[kind].items()])
        for kind in ("real", "made")
    }
    return given, logits


def test_losses_are_means_over_both_domains():
    module = make()
    given, logits = arguments(module)
    expected = F.softplus(-logits["real"]).mean() + F.softplus(logits["made"]).mean()
    torch.testing.assert_close(module.discriminator_loss(**given), expected)
    torch.testing.assert_close(module.generator_loss(given["made"]), F.softplus(-logits["made"]).mean())


def test_discriminators_get_images_of_both_pools_and_fakes_without_gradients():
    module = make()
    first, second = module.turns()
    assert [(stream.name, stream.pool) for stream in first.streams] == [("a", "A"), ("b", "B")]
    assert [*first.losses] == ["discriminator"]
    assert [*second.losses] == ["generator"]
    given, _ = arguments(module)
    assert torch.equal(given["real"]["A"], batch(0).images)
    assert torch.equal(given["real"]["B"], batch(1).images)
    assert not any(images.requires_grad for images in given["made"].values())
    (own,) = second.draws(a=batch(0))
    assert {of: len(images) for of, images in own["made"].items()} == {"A": 5, "B": 5}
    module.generator_loss(**own).backward()
    assert all(gain.grad for gain in module.generator.own.values())


def test_images_of_a_code_are_made_of_the_same_maps():
    torch.manual_seed(0)
    generator = CoupledGenerator(latent=CODE, shapes={"A": SHAPE, "B": (3, 28, 28)}, channels=2).eval()
    z = torch.randn(4, CODE)
    maps = generator.shared(z[..., None, None])
    assert maps.shape == (4, 2, 25, 25)
    for of, images in generator(z).items():
        torch.testing.assert_close(images, 2 * generator.last[of](maps).sigmoid() - 1)
    own = [parameter for layer in generator.last.values() for parameter in layer.parameters()]
    assert sum(p.numel() for p in own) == (1 + 3) * (2 * 36 + 1)
    assert {m.affine for m in generator.modules() if isinstance(m, nn.BatchNorm2d)} == {False}


def test_networks_have_the_original_sizes():
    shapes = {"A": SHAPE, "B": SHAPE}
    widths = [100, 1024, 512, 256, 128]
    layers = [i * o * k + o for i, o, k in zip(widths, widths[1:], (16, 9, 9, 9), strict=False)]  # with biases
    expected = sum(layers) + 4 + 2 * (128 * 36 + 1)  # and slopes of PReLU
    assert sum(p.numel() for p in CoupledGenerator(100, shapes).parameters()) == expected
    convolutions = 2 * (20 * 25 + 20) + (50 * 20 * 25 + 50) + (500 * 50 * 16 + 500) + (2 * 500 + 2)
    discriminator = CoupledDiscriminator(shapes)
    assert sum(p.numel() for p in discriminator.parameters()) == convolutions + 1
    biases = [m.bias for m in discriminator.modules() if isinstance(m, nn.Conv2d)]
    assert all((bias == 0.1).all() for bias in biases)
    weight = discriminator.shared[2].weight
    assert weight.var().item() == pytest.approx(4 / (50 * 16 + 500 * 16), rel=0.02)


def test_discriminators_differ_in_their_first_layer_alone():
    torch.manual_seed(0)
    network = CoupledDiscriminator({"A": SHAPE, "B": SHAPE}, width=4)
    images = batch(0).images
    assert not torch.equal(network.features(images, "A"), network.features(images, "B"))
    network.first["B"].load_state_dict(network.first["A"].state_dict())
    features = network.features(images, "A")
    assert torch.equal(features, network.features(images, "B"))
    fake, real = network.outputs(features[..., None, None]).flatten(1).T
    cross_entropy = F.cross_entropy(torch.stack([fake, real], 1), torch.ones(5, dtype=torch.long))
    torch.testing.assert_close(F.softplus(-network.head(features)).mean(), cross_entropy)


def test_samples_are_those_of_the_first_domain_in_parts():
    module = make(sampling_batch=2)
    joint = module.sample_jointly(5, torch.Generator().manual_seed(3))
    assert torch.equal(module.sample(5, generator=torch.Generator().manual_seed(3)), joint["A"])
    torch.testing.assert_close(joint["B"], 3 * joint["A"])
    with pytest.raises(GenzooError, match=r"^number of images=0"):
        module.sample_jointly(0)


def adapting(**options):
    return make(AdaptingCoGAN, classes=2, **options)


def test_the_class_head_and_the_distance_of_features_are_terms_of_the_discriminators_loss():
    module = adapting(class_weight=3.0, feature_weight=0.7)
    given, logits = arguments(module)
    assert torch.equal(given["labels"], batch(0).labels)
    scores = logits["real"][:5, None] * module.class_head.weight[:, 0] + module.class_head.bias
    first, second = logits["made"].split(5)
    expected = F.softplus(-logits["real"]).mean() + F.softplus(logits["made"]).mean()
    expected = expected + 3 * F.cross_entropy(scores, batch(0).labels) + 0.7 * (first - second).square().mean()
    torch.testing.assert_close(module.discriminator_loss(**given), expected)
    assert module.turns()[0].streams[0].pool == "labelled"


def test_the_distance_is_a_sum_over_features():
    module = adapting(discriminator=lambda shapes: Wide(shapes), class_weight=0.0, feature_weight=1.0)
    (given,) = module.draws(a=batch(0), b=batch(1))
    features = module.features(given["made"])
    without = module.objective.discriminator(
        module.logits(module.features(given["real"])), module.logits(module.features(given["made"]))
    )
    distance = sum((features["A"] - features["B"]).square()[i].sum() for i in range(5)) / 5
    torch.testing.assert_close(module.discriminator_loss(**given), without + distance)


class Wide(Halves):
    """The feature three times, with other signs."""

    def __init__(self, shapes):
        super().__init__(shapes, width=3)

    def features(self, images, domain):
        return super().features(images, domain) * torch.tensor([1.0, -2.0, 0.5])


def test_each_domain_is_classified_by_its_own_branch():
    module = adapting()
    images = batch(0).images
    torch.testing.assert_close(
        module.classify_target(images), module.class_head(module.discriminator.features(images, "B"))
    )
    assert not torch.equal(module.classify(images), module.classify_target(images))


def test_what_does_not_fit_is_one_line():
    with pytest.raises(GenzooError, match=r"^data: this model translates|^data: "):
        make(target_shape=(0, 28, 28))
    with pytest.raises(GenzooError, match=r"^data\.size: images of 32 x 32 pixels"):
        CoupledGenerator(CODE, {"A": (1, 32, 32)})
    with pytest.raises(GenzooError, match=r"^model\.class_weight=-1"):
        adapting(class_weight=-1.0)
    spec = DataSpec("digit_pairs", (1, 28, 28), classes=10, domains=("a", "b"), target_channels=1)
    with pytest.raises(GenzooError, match=r"^model\.classes=2, but data=digit_pairs has 10 classes"):
        adapting().check_data(spec)
    with pytest.raises(GenzooError, match=r"has 3 channels in its second domain"):
        make().check_data(spec._replace(target_channels=3))
