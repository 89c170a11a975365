"""Directions of wide parts of a code."""

import pytest
import torch

from genzoo.core.capabilities import Decodes
from genzoo.core.directions import principal_directions, random_directions, wide
from genzoo.core.latent import Categorical, Latent, Normal, Uniform
from genzoo.core.randomness import generator
from support.decoders import Affine

LATENT = Latent(noise=Normal(12, std=3.0), many=Categorical(11), style=Uniform(10), rest=Uniform(11))


def test_parts_of_more_than_ten_dimensions_are_wide_but_for_categories():
    assert wide(LATENT) == ["noise", "rest"]


def test_principal_directions_are_those_of_a_linear_decoder():
    module = Affine((Decodes,), LATENT)
    ways = principal_directions(module, "noise", generator(0))
    exact = torch.linalg.svd(module.w.detach()[:, :12], full_matrices=False).Vh[:4]
    torch.testing.assert_close((ways / 3 * exact).sum(1).abs(), torch.ones(4), rtol=0.05, atol=0.0)
    torch.testing.assert_close(ways.norm(dim=1), torch.full((4,), 3.0), rtol=0.05, atol=0.0)
    assert (ways.gather(1, ways.abs().argmax(1, keepdim=True)) > 0).all()


def test_random_directions_are_orthogonal_and_of_one_standard_deviation():
    ways = random_directions(LATENT, "rest", generator(0))
    torch.testing.assert_close(ways @ ways.T, torch.eye(4) / 3, rtol=0.1, atol=0.01)  # the variance of U(-1, 1)
    assert not torch.equal(ways, random_directions(LATENT, "rest", generator(1)))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_model_that_diverged_has_directions_too(value):
    module = Affine((Decodes,), LATENT)
    module.b.data[0] = value
    assert principal_directions(module, "noise", generator(0)).isfinite().all()
