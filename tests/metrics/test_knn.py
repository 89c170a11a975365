"""Nearest-neighbour classification, by hand and against scikit-learn."""

import re

import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import Encodes, Features
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.inference import Inference
from genzoo.data.module import ImageData
from genzoo.metrics.evaluation import capable
from genzoo.metrics.knn import CodeKNN, FeatureKNN, votes


def on_line(levels, labels):
    """Images of one pixel, which is their position."""
    return ImageSet(torch.tensor(levels, dtype=torch.uint8).view(-1, 1, 1, 1), torch.tensor(labels))


# On the line: 0 at 10 and 30, 1 at 20 and 25, 2 at 200; of 40 the class is unknown.
TRAIN = on_line([10, 30, 20, 25, 200, 40], [0, 0, 1, 1, 2, -1])
TEST = on_line([12, 14, 16, 24, 28, 41, 150, 90], [0, 0, 0, 1, 1, 0, 2, -1])


class Line(ImageData):
    name = "line"

    def __init__(self, classes=3, **splits):
        super().__init__(size=1, channels=1, classes=classes)
        self.given = {"train": TRAIN, "validation": TEST, "test": TEST} | splits

    def load(self):
        return self.given


class Model(Inference):
    """Its feature is the pixel; its code is constant."""

    device = torch.device("cpu")

    def __init__(self):
        super().__init__()
        self.passes = []

    def capabilities(self):
        return frozenset({Features, Encodes})

    def features(self, images):
        self.passes.append(len(images))
        return images.flatten(1)

    def encode(self, images):
        return torch.zeros(len(images), 2)


def test_the_nearest_neighbour_by_hand():
    # 12 and 14: 0; 16: 1, wrong; 24: 1; 28: 0, wrong; 41: 0, as 40 is not labelled; 150: 2.
    found = FeatureKNN(batch_size=4)(Model(), Line(), "test")
    assert found.values == {"knn_error": pytest.approx(2 / 7)}
    assert (found.protocol["training_images"], found.protocol["images"], found.protocol["features"]) == (5, 7, 1)


def test_three_neighbours_vote():
    # 12: {10, 20, 25} 1, wrong; 14, 16 the same; 24: {25, 20, 30} 1; 28: {30, 25, 20} 1; 41: {30, 25, 20} 1, wrong;
    # 150: {200, 30, 25}: one vote each, so the nearest, 2.
    assert FeatureKNN(neighbours=3)(Model(), Line(), "test").values == {"knn_error_k3": pytest.approx(4 / 7)}


def test_the_vote_is_that_of_the_majority_and_of_the_nearest_if_equal():
    neighbours = torch.tensor([[3, 0, 0, 1, 1], [1, 1, 0, 0, 0], [2, 0, 1, 3, 4], [1, 0, 0, 1, 2]])
    assert votes(neighbours).tolist() == [0, 0, 2, 1]


def test_codes_are_classified_by_their_own_metric():
    found = CodeKNN()(Model(), Line(), "test")
    assert found.values.keys() == {"knn_error_codes"}
    assert found.protocol["features"] == 2
    module = Model()
    module.capabilities = lambda: frozenset({Encodes})
    assert capable({"a": FeatureKNN(), "b": CodeKNN()}, module).keys() == {"b"}


@pytest.mark.parametrize("neighbours", [1, 4])
def test_it_is_that_of_sklearn(neighbours):
    random = torch.Generator().manual_seed(0)
    splits = {}
    for split, n in (("train", 300), ("test", 100)):
        labels = torch.randint(3, (n,), generator=random)
        levels = (60 * labels + torch.randint(0, 100, (n,), generator=random)).to(torch.uint8)
        splits[split] = ImageSet(levels.view(-1, 1, 1, 1), labels)
    # Squares of the pixels, so that distances differ.
    module, (train, test) = Model(), (splits["train"], splits["test"])
    module.features = lambda images: torch.cat([images.flatten(1).square(), images.flatten(1).exp()], 1)
    x, y = (module.features(from_levels(s.images)).double().numpy() for s in (train, test))
    theirs = KNeighborsClassifier(neighbours).fit(x, train.labels.numpy())
    ours = FeatureKNN(neighbours, batch_size=64)(module, Line(**splits), "test").values
    # They break ties of votes and of distances in another way.
    assert next(iter(ours.values())) == pytest.approx(1 - theirs.score(y, test.labels.numpy()), abs=0.04)


def test_images_are_passed_in_batches_of_one_size():
    module = Model()
    FeatureKNN(batch_size=3)(module, Line(), "test")
    assert module.passes == [3] * (3 + 2)


def test_images_that_fill_a_batch_are_no_neighbours():
    train = on_line([10, 20, 30, 31], [0, 1, 1, 1])
    found = FeatureKNN(neighbours=2, batch_size=3)(Model(), Line(train=train, test=on_line([16], [1])), "test")
    assert found.values == {"knn_error_k2": 0}  # 20, then 10: equal votes, so the nearest; 10 twice would outvote it


@pytest.mark.parametrize("data", [Line(classes=0), Line(train=on_line([1], [-1])), Line(test=on_line([1], [-1]))])
def test_without_labels_there_are_no_values(data):
    assert FeatureKNN()(Model(), data, "test").values == {}


def test_settings_are_checked():
    for key in ("neighbours", "batch_size"):
        with pytest.raises(GenzooError, match=re.escape(f"metrics.knn.{key}=0: a positive integer is needed")):
            FeatureKNN(**{key: 0})
    with pytest.raises(GenzooError, match=r"metrics\.knn\.neighbours=6: data=line has only 5 labelled .* fewer"):
        FeatureKNN(neighbours=6)(Model(), Line(), "test")
