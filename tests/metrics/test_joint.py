"""Metrics of models of two domains: images that correspond, and classes of the second domain."""

import numpy as np
import pytest
import torch

from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import Adapts, SamplesJointly
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.inference import Inference
from genzoo.data.digit_pairs import DigitPairs
from genzoo.data.module import split_of
from genzoo.data.two_domains import TwoDomainData
from genzoo.metrics.adaptation import Adaptation
from genzoo.metrics.joint_samples import JointSamples

LEVELS = {"train": ([0, 2, 4], [1, 2, 4, 3]), "validation": ([], []), "test": ([0], [0, 4, 5])}  # of both domains


class Points(TwoDomainData):
    """One-pixel images whose label is their level; the first domain's levels are even, the second's any."""

    name = "points"

    def __init__(self, second_channels=1):
        super().__init__(1, 1, domains=("even", "any"), target_channels=second_channels, paired=False, classes=6)

    def load_domains(self):
        return tuple({split: self.of(both[i], i) for split, both in LEVELS.items()} for i in range(2))

    def of(self, levels, i) -> ImageSet:
        images = torch.tensor(levels, dtype=torch.uint8).view(-1, 1, 1, 1)
        return split_of(images.expand(-1, self.spec.target_channels if i else 1, -1, -1), torch.tensor(levels).long())


class Model(Inference):
    """Takes every image of the second domain for a 4, and generates the given images and partners."""

    device = torch.device("cpu")

    def __init__(self, images=None, partners=None):
        super().__init__()
        self.images, self.partners = images, partners

    def capabilities(self):
        return frozenset({Adapts, SamplesJointly})

    def classify_target(self, images):
        return torch.eye(6)[4].expand(len(images), -1)

    def sample_jointly(self, n, generator=None):
        return {"A": self.images[:n], "B": self.partners[:n]}


def test_errors_are_of_the_second_domain_and_the_baseline_is_the_nearest_of_the_first():
    data = Points()
    data.setup()
    found = Adaptation()(Model(), data, "test")
    assert found.values == {
        "adaptation_error": pytest.approx(2 / 3),  # of 0, 4, 5 only 4 is right
        "adaptation_error_nearest": pytest.approx(1 / 3),  # 0, 4, 4
        "adaptation_error_training": pytest.approx(3 / 4),  # of 1, 2, 4, 3
        "adaptation_error_training_nearest": pytest.approx(2 / 4),
    }
    assert found.protocol == {"images": {"test": 3, "train": 4}, "labelled": 3}


def test_without_a_split_or_with_other_channels_less_is_measured():
    data = Points(second_channels=3)
    data.setup()
    assert Adaptation()(Model(), data, "validation").values.keys() == {"adaptation_error_training"}


@pytest.fixture(scope="module")
def digits():
    data = DigitPairs("none", "negatives", train_size=3000, offline=True)
    data.setup()
    return data


def test_the_agreement_is_the_share_of_pixels_that_obey_the_rule(digits):
    levels = digits.split("test").images[:8]
    partners = 255 - levels
    partners[:2] = levels[:2]  # two of eight are wrong in every pixel that is black or white
    model = Model(from_levels(levels), from_levels(partners))
    found = JointSamples(samples=8, columns=3)(model, digits, "test")
    assert found.values == {"pixel_agreement": pytest.approx(6 / 8)}
    assert found.protocol == {"samples": 8, "threshold": 127, "seed": 0}
    picture = np.asarray(found.pictures["joint_samples"])
    assert picture.shape[0] >= 2 * 28
    few = JointSamples(samples=2, columns=3)(model, digits, "test")
    assert few.values == {"pixel_agreement": 0.0}


def test_without_a_rule_there_is_a_picture_alone():
    data = Points()
    data.setup()
    model = Model(torch.zeros(3, 1, 8, 8), torch.ones(3, 3, 8, 8))
    found = JointSamples(columns=3)(model, data, "test")
    assert found.values == {}
    assert found.pictures.keys() == {"joint_samples"}


def test_no_images_are_refused():
    with pytest.raises(GenzooError, match=r"^metrics\.joint_samples\.samples=0"):
        JointSamples(samples=0)
