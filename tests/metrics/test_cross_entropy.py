"""Cross-entropy of restored points, in closed form, and their disagreement with the observations."""

import math

import pytest
import torch

from genzoo.core.capabilities import Restores
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.data.module import ImageData, split_of
from genzoo.data.swiss_roll import SwissRoll
from genzoo.metrics.cross_entropy import CrossEntropy
from support.likelihoods import Images


class Normal(ImageData):
    """Points of the standard normal distribution, 5 in the data's units being 1."""

    name, extent = "normal", 5.0

    def load(self):
        points = torch.randn(40_000, 2, 1, 1, generator=torch.Generator().manual_seed(0)) / self.extent
        return {split: split_of(points) for split in ("train", "validation", "test")}

    def log_density(self, points):
        return -points.square().sum(1) / 2 - math.log(2 * math.pi)


class Doubled(Inference):
    """Observes the mean of the coordinates, and restores twice that for both."""

    device = torch.device("cpu")

    def capabilities(self):
        return frozenset({Restores})

    def degrade(self, images, generator=None):
        return images.mean(1, keepdim=True)

    def restore(self, observations, generator=None):
        return 2 * observations.expand(-1, 2, -1, -1)


def test_values_are_those_of_the_closed_form():
    found = CrossEntropy()(Doubled(), Normal(size=1, channels=2, levels=None), "test")
    # x ~ N(0, 1/2): H[q, p] = log 2π + E (2x)², and the mean of a restored point is 2x.
    assert found.values["cross_entropy"] == pytest.approx(math.log(2 * math.pi) + 2, abs=0.05)
    assert found.values["entropy"] == pytest.approx(math.log(2 * math.pi) + 1, abs=0.03)
    assert found.values["disagreement"] == pytest.approx(0.5, abs=0.02)
    assert found.protocol == {"images": 40_000}


def test_the_entropy_of_the_swiss_roll_is_that_of_its_density():
    data = SwissRoll(n_train=10, n_test=2000)
    found = CrossEntropy(images=1000)(Doubled(), data, "test")
    assert found.values["entropy"] == pytest.approx(data.spiral.entropy, abs=0.1)
    assert found.protocol == {"images": 1000}


def test_data_without_a_known_density_are_left_out_and_no_images_refused():
    assert not CrossEntropy()(Doubled(), Images(), "test").values
    with pytest.raises(GenzooError, match=r"^metrics\.cross_entropy\.images=0: a positive integer is needed"):
        CrossEntropy(images=0)
