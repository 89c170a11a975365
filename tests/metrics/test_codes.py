from itertools import permutations

import numpy as np
import pytest
import torch

from genzoo.core.batches import ImageSet
from genzoo.core.capabilities import InfersCodes
from genzoo.core.images import to_levels
from genzoo.core.inference import Inference
from genzoo.core.latent import Categorical, Latent, Uniform
from genzoo.data.module import ImageData
from genzoo.metrics.codes import CodeError, contingency, head_error, majority_error, one_to_one_error

SHAPES = [(4, 4), (3, 5), (5, 3), (2, 6), (1, 3)]  # categories, classes


def tables(shape):
    return np.random.default_rng(sum(shape)).integers(0, 20, (30, *shape))


def test_contingency_counts_how_often_each_category_met_each_class():
    codes, labels = np.random.default_rng(0).integers(0, [3, 5], (200, 2)).T
    table = contingency(codes, labels, categories=4, classes=6)
    assert table.shape == (4, 6)
    for category in range(4):
        for of in range(6):
            assert table[category, of] == sum(c == category and t == of for c, t in zip(codes, labels, strict=True))


@pytest.mark.parametrize("shape", SHAPES)
def test_one_to_one_is_the_best_of_all_matchings(shape):
    for table in tables(shape):
        long = table if shape[0] <= shape[1] else table.T
        right = max(
            sum(long[i, j] for i, j in enumerate(order)) for order in permutations(range(max(shape)), min(shape))
        )
        assert one_to_one_error(table) == pytest.approx(1 - right / table.sum())


@pytest.mark.parametrize("shape", SHAPES)
def test_majority_gives_each_category_its_most_frequent_class(shape):
    for table in tables(shape):
        right = sum(max(row) for row in table.tolist())
        assert majority_error(table) == pytest.approx(1 - right / table.sum())
        assert majority_error(table) <= one_to_one_error(table) + 1e-12


def test_by_head_each_category_gets_the_class_of_its_most_certain_image():
    q = np.array(
        [
            [0.50, 0.30, 0.20],  # class 2
            [0.90, 0.05, 0.05],  # class 0: the most certain of category 0
            [0.60, 0.20, 0.20],  # class 2
            [0.10, 0.70, 0.20],  # class 1: the most certain of category 1
            [0.05, 0.60, 0.35],  # class 1
            [0.30, 0.32, 0.38],  # class 0: the most certain of category 2, though it is not certain
        ]
    )
    labels = np.array([2, 0, 2, 1, 1, 0])
    assert head_error(q, labels) == pytest.approx(2 / 6)  # the majority of category 0 is class 2
    assert majority_error(contingency(q.argmax(1), labels, 3, 3)) == pytest.approx(1 / 6)
    # The most certain image of a category may belong to another category itself.
    q[5] = [0.50, 0.12, 0.38]
    assert head_error(q, labels) == pytest.approx(2 / 6)


def test_heads_are_never_better_than_the_majority():
    random = np.random.default_rng(0)
    for _ in range(30):
        q, labels = random.dirichlet(np.ones(4), 25), random.integers(0, 3, 25)
        majority = majority_error(contingency(q.argmax(1), labels, 4, 3))
        heads = [labels[max(range(25), key=lambda image: q[image, code])] for code in range(4)]
        wrong = sum(heads[q[image].argmax()] != labels[image] for image in range(25))
        assert head_error(q, labels) == pytest.approx(wrong / 25)
        assert head_error(q, labels) >= majority - 1e-12


class Told(ImageData):
    """Images whose level is the code that the fake model will infer."""

    name = "told"

    def __init__(self, codes, labels, classes):
        super().__init__(size=1, channels=1, classes=classes)
        self.images = ImageSet(torch.tensor(codes, dtype=torch.uint8).view(-1, 1, 1, 1), torch.tensor(labels))

    def load(self):
        return {"train": self.images, "validation": self.images, "test": self.images}


class Reader(Inference):
    """Infers the code that an image tells; with the other batch-norm mode than its recipe's always category 0."""

    device = torch.device("cpu")

    def __init__(self, batch_norm="running", latent=None):
        super().__init__(batch_norm=batch_norm)
        self.latent = latent or Latent(digit=Categorical(4), style=Uniform(2))
        self.inferred = self.latent.parts
        self.recipe, self.passes = batch_norm, []

    def capabilities(self):
        return frozenset({InfersCodes})

    def infer_codes(self, images):
        self.passes.append((self.batch_norm, len(images)))
        levels = to_levels(images).flatten().long() * (self.batch_norm == self.recipe)
        return {
            name: torch.nn.functional.one_hot(levels, part.size) * 0.5 + 0.1
            if isinstance(part, Categorical)
            else torch.zeros(len(images), part.size)
            for name, part in self.latent.parts.items()
        }


# Ten images of four classes; codes are the classes under 0 1 2 3 -> 2 0 3 1, two of them wrong.
LABELS = [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]
CODES = [2, 2, 2, 0, 0, 0, 3, 1, 1, 0]


@pytest.mark.parametrize(("recipe", "other"), [("running", "batch"), ("batch", "running")])
@pytest.mark.parametrize("batch_size", [3, 4, 10, 64])
def test_known_flips_are_the_error_and_both_modes_are_reported(recipe, other, batch_size):
    module = Reader(recipe)
    found = CodeError(batch_size=batch_size)(module, Told(CODES, LABELS, 4), "validation")
    assert found.values == pytest.approx(
        {
            "code_error_head": 0.2,  # the first image of a category is its head: all are equally certain
            f"code_error_head_{other}_statistics": 0.7,
            "code_error_one_to_one": 0.2,
            "code_error_majority": 0.2,
            f"code_error_one_to_one_{other}_statistics": 0.7,  # one category for all: the three of one class
            f"code_error_majority_{other}_statistics": 0.7,
        }
    )
    assert module.batch_norm == recipe
    assert {size for _, size in module.passes} == {batch_size}  # also the last pass, filled up
    assert len(module.passes) == 2 * -(-10 // batch_size)


def test_more_categories_than_classes_may_share_a_class_by_majority_only():
    found = CodeError()(Reader(), Told([0, 1, 0, 1, 2, 2], [0, 0, 0, 0, 1, 1], 2), "test").values
    assert found["code_error_majority"] == 0
    assert found["code_error_one_to_one"] == pytest.approx(2 / 6)


def test_a_class_without_a_category_of_its_own_is_wrong():
    module = Reader(latent=Latent(digit=Categorical(2)))
    found = CodeError()(module, Told([0, 0, 1, 1, 1], [0, 0, 1, 1, 2], 3), "test").values
    assert found["code_error_one_to_one"] == pytest.approx(1 / 5)


def test_several_codes_are_measured_by_name():
    module = Reader(latent=Latent(a=Categorical(4), noise=Uniform(3), b=Categorical(5)))
    found = CodeError()(module, Told(CODES, LABELS, 4), "validation").values
    assert {name for name in found if not name.endswith("statistics")} == {
        f"{code}_error_{by}" for code in "ab" for by in ("one_to_one", "majority", "head")
    }
    assert len(found) == 12
    assert found["b_error_majority"] == pytest.approx(0.2)


def test_a_limit_takes_the_first_images():
    found = CodeError(limit=8)(Reader(), Told(CODES, LABELS, 4), "validation").values
    assert found["code_error_one_to_one"] == pytest.approx(1 / 8)


@pytest.mark.parametrize(
    "data",
    [Told(CODES, LABELS, 0), Told(CODES, [*LABELS[:-1], -1], 4), Told([], [], 4)],
    ids=["no classes", "an unknown label", "no images"],
)
def test_without_labels_there_are_no_values(data):
    data._splits = data.load()
    module = Reader()
    assert CodeError()(module, data, "test").values == {}
    assert module.passes == []
