"""The distances under weights of pixels, and the prior term by hand."""

from functools import partial

import pytest
import torch
from torch.optim import Adam

from genzoo.core.capabilities import ScoresRealism
from genzoo.core.distances import Pixels, PixelsAndPrior
from genzoo.core.errors import GenzooError
from genzoo.core.latent_search import LatentSearch
from genzoo.core.randomness import generator
from genzoo.nn.objectives import Wasserstein
from support.decoders import SHAPE, Affine
from support.gans import make, real_batch

SEARCH = LatentSearch(Pixels(1), partial(Adam, lr=0.03), steps=900)


def test_an_image_of_a_linear_model_that_is_known_in_part_is_found_again():
    module = Affine()
    given = module.decode(module.latent.sample(4, generator(1)))
    weights = torch.rand(4, 1, *SHAPE[1:], generator=generator(2))
    for known in (torch.ones_like(weights), weights):
        rebuilt = module.decode(SEARCH(module, given, generator(0), known).codes)
        errors = (rebuilt - given).square().flatten(1).mean(1)
        assert (10 * torch.log10(4 / errors) > 30).all()


@pytest.mark.parametrize("distance", [Pixels(1), PixelsAndPrior(0.3)])
def test_pixels_of_weight_0_never_influence_the_result(distance):
    module = make()
    given = real_batch().images
    mask = (torch.arange(4) < 2).expand(6, 1, 4, 4).float()
    search = LatentSearch(distance, steps=5)
    one, other = (search(module, x, generator(0), mask) for x in (given, given.where(mask.bool(), -given)))
    assert torch.equal(one.codes, other.codes)


def test_the_prior_term_is_that_of_the_discriminators_probability_of_whole_images():
    module, given = make(), real_batch(2).images
    assert ScoresRealism in module.capabilities()
    others = torch.rand(3, 2, *given.shape[1:], generator=generator(0))
    weights = torch.tensor([0.0, 0.5, 1.0, 0.0]).expand(2, 1, 4, 4)
    found = PixelsAndPrior(0.25).to(module, given, weights)(others)
    with module.inference("running"):
        real = module.discriminator(others.flatten(0, 1)).sigmoid().view(3, 2)
    pixels = (weights * (given - others)).abs().sum((2, 3, 4))
    torch.testing.assert_close(found, pixels + 0.25 * (1 - real).log())


def test_scores_that_are_no_logits_give_no_probability():
    assert ScoresRealism not in make(objective=Wasserstein()).capabilities()


def test_a_negative_weight_of_the_prior_is_refused():
    with pytest.raises(GenzooError, match=r"^distance\.prior=-1: a number of at least 0"):
        PixelsAndPrior(-1)
