import numpy as np
import pytest
import torch
from scipy.special import softmax
from scipy.stats import entropy

from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import Samples
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.inference import Inference
from genzoo.data.module import ImageData
from genzoo.metrics.am_score import AMScore, am_score
from genzoo.metrics.extractors.classifier import Classifier


def draw(seed, *shape, scale=3.0):
    return np.random.default_rng(seed).normal(size=shape) * scale


def expected_of(images, samples):
    images, samples = softmax(images, axis=1), softmax(samples, axis=1)
    return entropy(samples, axis=1).mean() + entropy(images.mean(0), samples.mean(0))  # the latter is KL


@pytest.mark.parametrize("seed", range(3))
def test_it_is_an_entropy_and_a_divergence(seed):
    images, samples = draw(seed, 40, 5), draw(seed + 10, 30, 5) + draw(seed + 20, 5)
    found = am_score(torch.tensor(images), torch.tensor(samples))
    assert found == pytest.approx(expected_of(images, samples), rel=1e-9)


def test_it_is_the_least_for_certain_samples_of_all_classes_as_frequent_as_the_images():
    certain = torch.eye(4) * 50
    assert am_score(certain, certain) == pytest.approx(0, abs=1e-12)
    assert am_score(certain, torch.zeros(4, 4)) == pytest.approx(np.log(4))  # uncertain of each
    assert am_score(certain, certain[:2]) > 10  # two classes are missing
    assert am_score(certain[:2], certain[:2]) == pytest.approx(0, abs=1e-12)  # they are missing among the images, too


class Pictures(ImageData):
    """Noise of 16 pixels in 3 classes."""

    name = "pictures"

    def __init__(self, classes=3):
        super().__init__(size=16, channels=1, classes=classes)
        images = torch.randint(256, (20, 1, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
        labels = torch.arange(20) % 3
        self._splits = {
            name: ImageSet(images[part], labels[part])
            for name, part in (("train", slice(12)), ("validation", slice(12, 16)), ("test", slice(16, 20)))
        }


class Repeats(Inference):
    """Its samples are the training images, in order, again and again."""

    device = torch.device("cpu")

    def __init__(self, images):
        super().__init__()
        self.images = from_levels(images, 256)

    def capabilities(self):
        return frozenset({Samples})

    def sample(self, n, labels=None, generator=None):
        return self.images[torch.arange(n) % len(self.images)]


@pytest.fixture
def network(monkeypatch):
    """A classifier of random weights in place of the one that would be trained."""
    torch.manual_seed(0)
    network = Classifier(1, 3).eval()
    network.head.weight.data *= 50
    facts = {"trained_on": {}, "seed": 0, "test_accuracy": 0.5, "channels": 1, "size": 16, "classes": 3}
    monkeypatch.setattr("genzoo.metrics.extractors.training.train_classifier", lambda *_, **__: (network, facts))
    return network


def test_it_compares_samples_with_the_images_of_training_and_validation(network, tmp_path):
    data = Pictures()
    train, validation = (data.split(name).images for name in ("train", "validation"))
    before = torch.get_rng_state()
    found = AMScore(samples=24, cache=tmp_path)(Repeats(train), data, "test")
    assert torch.equal(torch.get_rng_state(), before)
    with torch.no_grad():
        images, samples = (network(x)[1].numpy() for x in (torch.cat([train, validation]), train))
    assert found.values == {"am_score_classifier_n24": pytest.approx(expected_of(images, samples), rel=1e-4)}
    assert found.protocol["images"] == 16
    assert found.protocol["extractor"]["name"] == "classifier"


def test_without_classes_there_is_no_value(tmp_path):
    data = Pictures(classes=0)
    assert AMScore(cache=tmp_path)(Repeats(data.split("train").images), data, "test").values == {}


def test_the_number_of_samples_is_positive():
    with pytest.raises(GenzooError, match=r"metrics\.am_score\.samples"):
        AMScore(samples=0)
