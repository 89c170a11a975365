"""Restored images against the originals."""

import pytest
import torch

from genzoo.core.capabilities import Restores
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.inference import Inference
from genzoo.metrics.image_errors import image_errors
from genzoo.metrics.restoration import Restoration
from support.likelihoods import Images


class Halves(Inference):
    """Observes half of each value, or one pixel in four, and restores it with a tenth of an error."""

    device = torch.device("cpu")

    def __init__(self, step=1):
        super().__init__()
        self.step = step

    def capabilities(self):
        return frozenset({Restores})

    def degrade(self, images, generator=None):
        return images[..., :: self.step, :: self.step] / 2

    def restore(self, observations, generator=None):
        whole = torch.nn.functional.interpolate(observations, (3, 3)) if self.step > 1 else observations
        return 1.8 * whole


def test_restored_and_observed_images_are_compared_with_the_originals():
    data = Images(test=150, values=256)
    found = Restoration(images=120, columns=5)(Halves(), data, "test")
    x = from_levels(data.split("test").images[torch.arange(120) * 150 // 120])
    for suffix, seen in (("", 0.9 * x), ("_observed", x / 2)):
        for name, value in image_errors(seen, x).items():
            assert found.values[name + suffix] == pytest.approx(value, rel=1e-4)
    assert found.protocol == {"images": 120, "seed": 0, "batch_norm": "running"}
    assert found.pictures.keys() == {"restorations"}


def test_smaller_observations_are_not_compared_but_shown():
    found = Restoration(images=None, columns=3)(Halves(step=2), Images(values=256), "test")
    assert found.values.keys() == {"l1", "psnr"}
    assert found.pictures["restorations"].height == (3 * (3 + 2) + 2) * (64 // 3)


def test_no_images_are_refused():
    with pytest.raises(GenzooError, match=r"^metrics\.restoration\.images=0: a positive integer is needed"):
        Restoration(images=0)
