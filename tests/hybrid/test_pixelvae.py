"""PixelVAE against enumeration of all images, integration over z, the decoder without a code; drawing, settings."""

import itertools
import math
from functools import partial

import pytest
import torch
from torch import nn
from torch.distributions import Normal as NormalLaw
from torch.distributions import kl_divergence

from genzoo.autoregressive.model import Autoregressive
from genzoo.autoregressive.networks.fully_gated import FullyGatedPixelCNN
from genzoo.autoregressive.sampling.cached import Cached
from genzoo.autoregressive.sampling.naive import Naive
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels, to_levels
from genzoo.core.latent import Latent, Normal
from genzoo.hybrid.pixelvae import PixelVAE
from genzoo.nn.likelihoods import Bernoulli
from genzoo.runs.build import build_module
from genzoo.variational.networks.mlp import MLPEncoder
from genzoo.variational.posteriors import DiagonalGaussian
from support import SHAPES, resolved

SHAPE, ADAM = (1, 2, 2), {"model": torch.optim.Adam}
DECODER = partial(FullyGatedPixelCNN, hidden=3, layers=2, kernel=3)
LEVELS = torch.tensor([*itertools.product((0, 1), repeat=4)], dtype=torch.uint8).view(-1, *SHAPE)  # all images
IMAGES = from_levels(LEVELS, 2)


def small(sampler=None, z=1):
    """A model of four binary pixels whose parameters are drawn."""
    torch.manual_seed(0)
    given = {"encoder": partial(MLPEncoder, shape=SHAPE, hidden=[5]), "decoder": DECODER, "posterior": DiagonalGaussian}
    model = PixelVAE(
        sampler or Cached(), **given, latent=Latent(z=Normal(z)), likelihood=Bernoulli(), optimizers=ADAM
    ).ready()
    for name, p in model.named_parameters():  # q(z|x) is near the prior, so that importance weights vary little
        nn.init.normal_(p, std=0.1 if name.startswith("encoder") else 2.0 if "condition" in name else 1.0)
    return model


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def log_evidence(model):
    """log p(x) of all images by integration over the one number z, in float64."""
    z = torch.linspace(-9, 9, 2001)
    with torch.no_grad():
        joint = [model.log_likelihood(x.expand(len(z), *SHAPE), z[:, None]).double() for x in IMAGES]
    return (torch.stack(joint) + NormalLaw(0.0, 1.0).log_prob(z).double()).logsumexp(1) + math.log(18 / 2000)


@torch.no_grad()
def test_the_probabilities_of_all_images_sum_to_1_given_any_code():
    model = small(z=3)
    z = torch.randn(5, 3, generator=seeded())
    found = torch.stack([model.log_likelihood(IMAGES, code.expand(16, -1)) for code in z])
    torch.testing.assert_close(found.exp().sum(1), torch.ones(5))
    assert (found.std(0) > 0.05).all(), "the code makes a difference"


def test_without_the_condition_the_bound_is_the_pixelcnns_likelihood_less_the_divergence():
    model = small(z=3)
    for name, p in model.decoder.named_parameters():
        if "condition" in name:
            nn.init.zeros_(p)
    alone = Autoregressive(SHAPE, DECODER, Bernoulli(), Naive(), optimizers=ADAM)
    alone.network.load_state_dict({k: v for k, v in model.decoder.state_dict().items() if "condition" not in k})
    bound = model.bound(LEVELS, seeded())
    torch.testing.assert_close(bound.log_likelihood, alone.log_prob(LEVELS))
    q = model.recognise(IMAGES)[0]
    expected = kl_divergence(NormalLaw(q.mean, q.log_std.exp()), NormalLaw(0.0, 1.0)).sum(1).detach()
    assert (expected > 0.01).all()
    torch.testing.assert_close(bound.kl["z"], expected)


def test_the_bound_and_its_tighter_relatives_against_integration():
    model = small()
    expected = log_evidence(model)
    assert expected.exp().sum().item() == pytest.approx(1, abs=1e-6)
    repeated = LEVELS.repeat(500, 1, 1, 1)
    terms = model.bound(repeated, seeded())
    bound = (terms.log_likelihood - terms.kl["z"]).double().view(500, 16).mean(0)
    some, many = (model.log_prob(repeated, k, seeded()).double().view(500, 16) for k in (5, 20))
    assert (bound < some.mean(0)).all()
    assert (some.mean(0) < many.mean(0)).all()
    assert (many.mean(0) < expected + 0.01).all()
    torch.testing.assert_close(many.logsumexp(0) - math.log(500), expected, rtol=0, atol=0.05)  # of 10,000 draws


def test_images_are_drawn_with_their_probability():
    model, n = small(), 5000
    drawn = to_levels(model.sample(n, generator=seeded()), 2).flatten(1).long()
    counted = (drawn * torch.tensor([8, 4, 2, 1])).sum(1).bincount(minlength=16)
    expected = n * log_evidence(model).exp()
    assert ((counted - expected) ** 2 / expected).sum().item() < 37.7, "χ² of 15 degrees of freedom, one in a thousand"


def test_samplers_draw_the_same_images_from_the_same_generator():
    cached, naive = (small(sampler, z=3).sample(250, generator=seeded()) for sampler in (Cached(), Naive()))
    assert len(naive.flatten(1).unique(dim=0)) > 8
    assert torch.equal(cached, naive)


@torch.no_grad()
def test_a_code_is_decoded_pixel_by_pixel_given_the_likelier_levels():
    model = small(z=3)
    z = 2 * torch.randn(40, 3, generator=seeded())
    x = -torch.ones(40, *SHAPE)
    for row, column in itertools.product(range(2), repeat=2):
        x[:, 0, row, column] = model.decoder(x, z)[:, 0, row, column].sign()
    torch.testing.assert_close(model.decode(z), 2 * model.decoder(x, z).sigmoid() - 1)
    assert len(x.flatten(1).unique(dim=0)) > 2


def test_its_recipe_is_the_originals():
    config = resolved("model=pixelvae", "data=binarized_mnist")
    module = build_module(config)
    first, *others = module.decoder.layers
    assert first.vertical.kernel_size == (4, 7)
    assert [layer.vertical.kernel_size for layer in others] == [(3, 5)] * 12
    assert {layer.vertical.out_channels for layer in module.decoder.layers} == {2 * 16}
    assert (module.latent.width, module.decoder.condition) == (16, 16)
    assert [module.kl_weight(rounds) for rounds in (0, 5000, 10_000, 200_000)] == [0, 0.5, 1, 1]
    optimizer = module.optimizer_factories["model"](module.parameters())
    assert (type(optimizer), optimizer.defaults["lr"], config["recipe"]["batch_size"]) == (torch.optim.Adam, 1e-3, 100)


def test_the_comparison_without_a_code_differs_in_the_code_alone():
    for name in ("mnist", "mnist_reduced"):
        one, other = (resolved(f"experiment=pixelvae/{name}{suffix}") for suffix in ("", "_pixelcnn"))
        assert one["trainer"]["rounds"] == other["trainer"]["rounds"]
        assert one["data"] == other["data"]
        assert one["model"]["optimizers"] == other["model"]["optimizers"]
        decoders = [build_module(config).players()["model"] for config in (one, other)]
        with_code, without = ({k: v.shape for k, v in n.state_dict().items()} for n in (decoders[0][2], decoders[1][0]))
        assert {k: v for k, v in with_code.items() if "condition" not in k} == without


def test_likelihoods_that_cannot_be_drawn_from_are_refused():
    message = r"^model\.likelihood: pixels cannot be drawn from DiscretisedLogistic; use .*Bernoulli .*SoftmaxLevels or"
    logistic = "model.likelihood._target_=genzoo.nn.likelihoods.DiscretisedLogistic"
    with pytest.raises(GenzooError, match=message):
        build_module(resolved("model=pixelvae", "data=mnist", logistic, "trainer=smoke"))


def test_grey_levels_have_a_softmax():
    softmax = "model.likelihood._target_=genzoo.nn.softmax_levels.SoftmaxLevels"
    module = build_module(resolved("model=pixelvae", *SHAPES, softmax, "trainer=smoke"))
    assert module.levels == 256
    levels = torch.randint(256, (2, 1, 28, 28), dtype=torch.uint8)
    torch.testing.assert_close(
        module.log_prob(levels, 2, seeded()) / 784, torch.full((2,), -math.log(256)), atol=0.5, rtol=0
    )
