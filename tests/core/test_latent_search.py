import re
from functools import partial

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam

from genzoo.core.capabilities import Decodes
from genzoo.core.distances import Pixels, PixelsAndFeatures
from genzoo.core.errors import GenzooError
from genzoo.core.latent import Categorical, Latent, Normal
from genzoo.core.latent_search import LatentSearch
from genzoo.core.randomness import generator
from genzoo.core.starts import FromEncoder, FromPrior
from support.decoders import SHAPE, Affine, images
from support.gans import make

FAST = partial(Adam, lr=0.05)
SQUARED = Pixels(2)


class At:
    """The given codes (restarts, B, width) as start."""

    needs = frozenset()

    def __init__(self, codes):
        self.codes = codes

    def __call__(self, module, images, restarts, generator):
        return self.codes


def test_of_a_linear_decoder_it_finds_the_least_squares_solution():
    module, given = Affine(), images()
    found = LatentSearch(SQUARED, FAST, steps=700)(module, given, generator(0))
    expected = module.solve(given)
    torch.testing.assert_close(found.codes, expected, atol=5e-3, rtol=0)
    residuals = (module.decode(expected) - given).square().sum((1, 2, 3))
    torch.testing.assert_close(found.distances, residuals, atol=1e-4, rtol=0)
    assert not found.codes.requires_grad
    assert not found.distances.requires_grad


@pytest.mark.parametrize("batch_norm", ["running", "batch"])
@pytest.mark.parametrize("distance", [SQUARED, PixelsAndFeatures()])
def test_an_image_of_the_model_is_found_from_a_code_nearby_and_the_model_is_left_as_it_was(batch_norm, distance):
    module = make(batch_norm=batch_norm)
    with torch.no_grad():
        for parameter in module.generator.parameters():
            parameter.mul_(8)  # initial images hardly depend on their codes
    state = {name: value.clone() for name, value in module.state_dict().items()}
    z = module.latent.sample(3, generator(1))
    given, near = module.decode(z), z + 0.05 * torch.randn(3, 5, generator=generator(2))
    start = distance.to(module, given)(module.decode(near)[None])[0]
    found = LatentSearch(distance, partial(Adam, lr=0.005), steps=150, start=At(near[None]))(module, given)
    assert (found.distances < 0.2 * start).all()
    assert all(parameter.grad is None and parameter.requires_grad for parameter in module.parameters())
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())
    assert module.training


def test_the_distances_are_those_of_the_codes():
    module, given, distance = make(), images(3)[:, :, :1, :1].expand(-1, 1, 4, 4), PixelsAndFeatures(0.3)
    found = LatentSearch(distance, FAST, steps=5, restarts=2)(module, given, generator(0))
    again = distance.to(module, given)(module.decode(found.codes)[None])[0]
    torch.testing.assert_close(found.distances, again.detach())


def test_it_follows_the_generator_alone():
    module, given, search = Affine(), images(), LatentSearch(SQUARED, FAST, steps=3, restarts=2)
    state = torch.get_rng_state()
    first, second, other = (search(module, given, generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(first.codes, second.codes)
    assert torch.equal(first.distances, second.distances)
    assert not torch.equal(first.codes, other.codes)
    assert torch.equal(torch.get_rng_state(), state)


def test_each_image_is_searched_for_by_itself():
    module, given = Affine(), images()
    starts = torch.randn(2, 4, 2, generator=generator(4))
    whole = LatentSearch(SQUARED, FAST, steps=7, restarts=2, start=At(starts))(module, given)
    for i in range(4):
        alone = LatentSearch(SQUARED, FAST, steps=7, restarts=2, start=At(starts[:, i : i + 1]))
        torch.testing.assert_close(alone(module, given[i : i + 1]).codes, whole.codes[i : i + 1])


def test_the_best_of_the_restarts_and_of_the_steps_counts():
    module, given = Affine(), images(2)
    best = module.solve(given) + 0.1
    starts = torch.stack([best + 1, best, best - 2])
    starts[:, 1] = starts[[1, 2, 0], 1]  # of the second image the first start is the best
    wild = partial(SGD, lr=100.0)  # every step is worse than the one before
    found = LatentSearch(SQUARED, wild, steps=3, restarts=3, start=At(starts))(module, given)
    assert torch.equal(found.codes, best)


def test_it_stops_after_so_many_steps():
    module, given, z = Affine(), images(1), torch.zeros(1, 2, requires_grad=True)
    for _ in range(3):
        distance = (module.decode(z) - given).square().sum()  # no gradient: by hand
        gradient = 2 * (module.decode(z) - given).flatten(1) @ module.w.detach()
        z = z - 0.1 * gradient
    assert not distance.requires_grad
    found = LatentSearch(SQUARED, partial(SGD, lr=0.1), steps=3, start=At(torch.zeros(1, 1, 2)))(module, given)
    torch.testing.assert_close(found.codes, z.detach())


def test_categories_keep_the_values_of_their_start():
    latent = Latent(digit=Categorical(2), style=Normal(2))
    module, given = Affine(latent=latent), images(20)
    found = LatentSearch(SQUARED, FAST, steps=300)(module, given, generator(0))
    digits, styles = found.codes.split(2, dim=1)
    assert torch.equal(digits, latent.sample(20, generator(0))[:, :2])
    targets = (given.flatten(1) - module.b - digits @ module.w[:, :2].T).detach().T
    expected = torch.linalg.lstsq(module.w[:, 2:].detach(), targets).solution.T
    torch.testing.assert_close(styles, expected, atol=1e-2, rtol=0)


def test_pixels_outside_the_mask_do_not_count():
    module, given = Affine(), images()
    mask = torch.zeros(4, 1, 3, 3)
    mask[..., :2] = 1
    other = given.where(mask.bool(), -given)
    found, same = (LatentSearch(SQUARED, FAST, steps=300)(module, x, generator(0), mask) for x in (given, other))
    assert torch.equal(found.codes, same.codes)
    rows = mask[0].flatten().bool()
    targets = (given.flatten(1) - module.b.detach())[:, rows].T
    expected = torch.linalg.lstsq(module.w.detach()[rows], targets).solution.T
    torch.testing.assert_close(found.codes, expected, atol=1e-2, rtol=0)


def test_starts_are_draws_of_the_prior_or_the_encoders_codes_before_such_draws():
    module, given = Affine(), images()
    prior = FromPrior()(module, given, 3, generator(0))
    assert torch.equal(prior.flatten(0, 1), module.latent.sample(12, generator(0)))
    first, *others = FromEncoder()(module, given, 3, generator(0))
    assert torch.equal(first, module.encode(given))
    assert torch.equal(torch.cat(others), module.latent.sample(8, generator(0)))
    assert FromEncoder()(module, given, 1, generator(0)).shape == (1, 4, 2)
    found = LatentSearch(SQUARED, FAST, steps=1, start=FromEncoder())(module, given)
    assert (found.codes - module.encode(given)).abs().max() <= 0.051


@pytest.mark.parametrize("key", ["steps", "restarts"])
@pytest.mark.parametrize("value", [0, -1, 1.5])
def test_steps_and_restarts_are_positive(key, value):
    with pytest.raises(GenzooError, match=f"^search.{key}={value}: a positive integer is needed.$"):
        LatentSearch(**{key: value})


@pytest.mark.parametrize(
    ("able", "settings", "named"),
    [
        ((), {}, "Decodes"),
        ((Decodes,), {"start": FromEncoder()}, "Encodes"),
        ((), {"distance": PixelsAndFeatures()}, "Decodes, Features"),
    ],
)
def test_a_model_without_a_needed_capability_is_one_line(able, settings, named):
    with pytest.raises(GenzooError, match=f"^search: the model lacks the capability {named}, which.*needs.$"):
        LatentSearch(**settings)(Affine(able), images())


def test_a_diverged_model_and_one_without_gradients_are_one_line():
    module = Affine()
    nn.init.constant_(module.b, torch.nan)
    with pytest.raises(GenzooError, match=r"^search: no distance is finite for 4 of 4 images; [^\n]*$"):
        LatentSearch(steps=2)(module, images())
    module = Affine()
    module.decode = lambda z: torch.zeros(len(z), *SHAPE)
    with pytest.raises(GenzooError, match=r"^search: the model's images have no gradient with respect to their codes"):
        LatentSearch(steps=2)(module, images())


def test_the_protocol_names_every_setting():
    search = LatentSearch(PixelsAndFeatures(0.2), FAST, steps=7, restarts=2, start=FromEncoder())
    assert search.protocol() == {
        "distance": "0.8 sum |x - y| + 0.2 sum |f(x) - f(y)|",
        "optimizer": "Adam(lr=0.05)",
        "steps": 7,
        "restarts": 2,
        "start": "FromEncoder",
    }


# Distances.


def test_features_are_weighted_against_pixels():
    module, given, others = Affine(), images(3), images(6, seed=8).unflatten(0, (2, 3))
    pixels = (given - others).abs().sum((2, 3, 4))
    features = (given.sum(3) - others.sum(4)).abs().sum((2, 3))
    found = PixelsAndFeatures(0.25).to(module, given)(others)
    torch.testing.assert_close(found, 0.75 * pixels + 0.25 * features)
    assert torch.equal(PixelsAndFeatures(0.0).to(module, given)(others), Pixels().to(module, given)(others))


def test_features_of_an_image_do_not_depend_on_the_other_images():
    module, given = make(batch_norm="batch"), torch.rand(3, 1, 4, 4, generator=generator(0))
    others = torch.rand(1, 3, 1, 4, 4, generator=generator(1))
    distance = PixelsAndFeatures()
    with module.differentiable():
        whole = distance.to(module, given)(others)[0]
        alone = torch.cat([distance.to(module, given[i : i + 1])(others[:, i : i + 1])[0] for i in range(3)])
    torch.testing.assert_close(whole, alone)


@pytest.mark.parametrize("power", [0, 3, "two"])
def test_powers_are_checked(power):
    with pytest.raises(GenzooError, match=re.escape(f"distance.power={power}: 1 (absolute differences) or 2")):
        Pixels(power)


@pytest.mark.parametrize("weight", [-0.1, 1.1])
def test_weights_are_checked(weight):
    with pytest.raises(GenzooError, match=f"^distance.weight={weight}: a number from 0 to 1 is needed.$"):
        PixelsAndFeatures(weight)
