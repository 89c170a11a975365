"""The projection: agreement, idempotence, against NumPy's pseudo-inverse."""

import numpy as np
import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.translation.degradations.low_resolution import BicubicReduction, BlockMeans
from genzoo.translation.networks.affine_projection import AffineProjection

MEANS = BlockMeans((1, 4, 8), factor=4)


def matrix(linear, shape):
    """Of a linear map of images."""
    size = int(np.prod(shape))
    return linear(torch.eye(size).view(size, *shape)).flatten(1).T


class Given(nn.Module):
    """Results that do not depend on the observations."""

    def __init__(self, shape, outputs):
        super().__init__()
        self.shape, self.result = shape, torch.randn(3, outputs, 4, 8)

    def forward(self, x):
        return self.result


def test_the_inverse_is_that_of_moore_and_penrose():
    a, inverse = matrix(MEANS.degrade, (1, 4, 8)), matrix(MEANS.pseudo_inverse, (1, 1, 2))
    torch.testing.assert_close(inverse, torch.from_numpy(np.linalg.pinv(a.numpy())))
    torch.testing.assert_close(inverse @ a @ inverse, inverse)


def test_observations_of_the_results_are_the_given_ones_and_projecting_again_changes_nothing():
    network, x = AffineProjection((1, 1, 2), 1, Given, MEANS), torch.randn(3, 1, 1, 2)
    made = network(x)
    torch.testing.assert_close(MEANS.degrade(made), x, rtol=0, atol=1e-6)
    network.network.result = made
    torch.testing.assert_close(network(x), made, rtol=0, atol=1e-6)


def test_it_is_the_formula():
    network, x = AffineProjection((1, 1, 2), 1, Given, MEANS), torch.randn(3, 1, 1, 2)
    a, f = matrix(MEANS.degrade, (1, 4, 8)), network.network.result.flatten(1).T
    inverse = torch.linalg.pinv(a)
    expected = (torch.eye(32) - inverse @ a) @ f + inverse @ x.flatten(1).T
    torch.testing.assert_close(network(x).flatten(1).T, expected)


def test_a_degradation_without_an_inverse_is_refused():
    with pytest.raises(GenzooError, match=r"^pairs: BicubicReduction has no pseudo-inverse, .* pairs=block_means\.$"):
        AffineProjection((1, 1, 2), 1, Given, BicubicReduction((1, 4, 8), 4))
