import math

import numpy as np
import pytest
import torch

from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import Samples
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.inference import Inference
from genzoo.core.randomness import generator
from genzoo.data.module import ImageData, split_of
from genzoo.metrics.extractors.classifier import Classifier
from genzoo.metrics.neighbours import NearestNeighbours


def noise(n, *keys, channels=1, levels=256, size=16):
    return torch.randint(0, levels, (n, channels, size, size), generator=generator(0, *keys), dtype=torch.uint8)


class Noise(ImageData):
    """Images without any structure, so that each is far from all others."""

    name = "noise"

    def __init__(self, n_test=7, classes=0, **options):
        super().__init__(**{"size": 16, "channels": 1} | options, classes=classes)
        self.n_test = n_test

    def load(self):
        shape = {"channels": self.spec.channels, "levels": self.spec.levels}
        sets = {name: noise(n, name, **shape) for name, n in (("train", 30), ("validation", 0), ("test", self.n_test))}
        return {name: ImageSet(x, torch.arange(len(x)) % max(self.spec.classes, 1)) for name, x in sets.items()}


class Sampler(Inference):
    """Gives the images that it was given, in order."""

    device = torch.device("cpu")

    def __init__(self, levels, n=256):
        super().__init__()
        self.images = from_levels(levels, n)

    def capabilities(self):
        return frozenset({Samples})

    def sample(self, n, labels=None, generator=None):
        return self.images[:n]


def rms(one, others):
    """The distances of one image, computed plainly."""
    return sorted(math.sqrt(((one.double() - other.double()) ** 2).mean()) for other in others)


@pytest.mark.parametrize("options", [{}, {"channels": 3}, {"levels": 2}], ids=str)
def test_distances_are_root_mean_squares_in_levels(options):
    data = Noise(**options)
    drawn = noise(20, "samples", **options)
    module = Sampler(drawn, data.spec.levels)
    found = NearestNeighbours(rows=2, samples=20, extractor=None)(module, data, "test")
    train, test = data.split("train").images, data.split("test").images
    assert found.values == pytest.approx(
        {
            "nearest_pixel_distance": np.mean([rms(x, train)[0] for x in drawn]),
            "nearest_pixel_distance_held_out": np.mean([rms(x, train)[0] for x in test]),
        }
    )
    assert found.protocol["held_out"] == {"split": "test", "images": 7}
    assert (found.protocol["samples"], found.protocol["training_images"]) == (20, 30)


def test_a_sampler_that_repeats_training_images_has_distance_zero_and_held_out_images_have_not():
    data = Noise()
    found = NearestNeighbours(rows=2, samples=10, extractor=None)(Sampler(data.split("train").images), data, "test")
    assert found.values["nearest_pixel_distance"] == 0
    assert found.values["nearest_pixel_distance_held_out"] > 50


def test_as_many_held_out_images_as_samples_are_measured_and_without_any_only_samples():
    data = Noise()
    module = Sampler(noise(5, "samples"))
    values = NearestNeighbours(rows=1, samples=3, extractor=None)(module, data, "test").values
    nearest = [rms(x, data.split("train").images)[0] for x in data.split("test").images[:3]]
    assert values["nearest_pixel_distance_held_out"] == pytest.approx(np.mean(nearest))
    values = NearestNeighbours(rows=1, samples=3, extractor=None)(module, data, "validation").values
    assert list(values) == ["nearest_pixel_distance"]


@pytest.fixture
def classified(monkeypatch):
    """A classifier of random weights stands in for the one that would be trained; its features by hand."""

    def train(data, seed=0, device="cpu"):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            network = Classifier(1, 2).eval()
        return network, {"channels": 1, "classes": 2, "trained_on": {}, "seed": 0, "test_accuracy": 0.5}

    monkeypatch.setattr("genzoo.metrics.extractors.training.train_classifier", train)
    return train(None)[0]


def test_distances_of_features_are_euclidean_under_the_name_of_their_extractor(classified, tmp_path):
    data, drawn = Noise(classes=2), noise(6, "samples")
    metric = NearestNeighbours(rows=2, samples=6, extractor="classifier", cache=tmp_path)
    found = metric(Sampler(drawn), data, "test")
    with torch.no_grad():
        train, samples, test = (
            classified(x)[0] for x in (data.split("train").images, drawn, data.split("test").images)
        )
    for suffix, queries in (("", samples), ("_held_out", test[:6])):
        nearest = (queries[:, None] - train).norm(dim=2).min(1).values
        assert found.values[f"nearest_feature_distance{suffix}_classifier"] == pytest.approx(
            nearest.mean().item(), rel=1e-4
        )
    assert found.protocol["extractor"]["name"] == "classifier"
    assert list(found.pictures) == ["neighbours_pixels", "neighbours_features"]


def test_a_row_shows_a_sample_then_its_neighbours_nearest_first():
    data = Noise(size=64)
    train = torch.tensor([250, 40, 100, 0], dtype=torch.uint8).view(4, 1, 1, 1).expand(-1, -1, 64, 64)
    data._splits = {"train": split_of(train), "test": split_of(noise(1, "test", size=64))}
    levels = torch.tensor([50, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(-1, -1, 64, 64)
    found = NearestNeighbours(rows=2, neighbours=3, samples=2, extractor=None)(Sampler(levels), data, "test")
    sheet = np.array(found.pictures["neighbours_pixels"])
    pitch = (sheet.shape[0] - 2) // 2
    assert sheet[2::pitch, 2::66].tolist()[:2] == [[50, 40, 0, 100], [255, 250, 100, 40]]
    assert found.values["nearest_pixel_distance"] == pytest.approx((10 + 5) / 2)


def test_samples_are_a_function_of_the_seed_and_nothing_touches_global_random_state(classified, tmp_path):
    class Seeded(Sampler):
        def sample(self, n, labels=None, generator=None):
            return from_levels(torch.randint(0, 256, (n, 1, 16, 16), generator=generator, dtype=torch.uint8))

    torch.manual_seed(1)
    state, data, module = torch.get_rng_state(), Noise(classes=2), Seeded(noise(1))

    def values(seed):
        metric = NearestNeighbours(rows=2, samples=6, extractor="classifier", seed=seed, cache=tmp_path)
        return metric(module, data, "test").values

    first, again, other = values(0), values(0), values(1)
    assert torch.equal(torch.get_rng_state(), state)
    assert first == again
    assert first["nearest_pixel_distance"] != other["nearest_pixel_distance"]


def test_more_neighbours_than_training_images_are_refused():
    metric = NearestNeighbours(rows=2, samples=2, neighbours=31, extractor=None)
    with pytest.raises(GenzooError, match=r"metrics\.neighbours\.neighbours=31: data=noise has only 30 training"):
        metric(Sampler(noise(2)), Noise(), "test")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"rows": 0}, r"rows=0: a positive integer"),
        ({"neighbours": 0}, r"neighbours=0: a positive integer"),
        ({"samples": 2.5}, r"samples=2\.5: a positive integer"),
        ({"rows": 11, "samples": 10}, r"rows=11: only 10 samples"),
        ({"extractor": "classifer"}, r"extractor=classifer: unknown\. Did you mean 'classifier'"),
    ],
    ids=str,
)
def test_settings_out_of_range_are_refused(setting, message):
    with pytest.raises(GenzooError, match=r"metrics\.neighbours\." + message):
        NearestNeighbours(**setting)
