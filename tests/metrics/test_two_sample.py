"""Classifier two-sample tests against brute force, exact laws and closed forms; the metric on images and tokens."""

from itertools import combinations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.stats import binomtest, kstest, norm
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from genzoo.core.batches import DataSpec
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.data.module import split_of
from genzoo.metrics.classifier_tests import held_out_test, neighbour_test
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.two_sample import TwoSample, points


def both(n, shift=0.0, seed=0, width=3):
    """n points of N(0, 1) and n of N(shift e_1, 1), and their labels."""
    x = np.random.default_rng(seed).normal(size=(2 * n, width))
    x[n:, 0] += shift
    return x, np.repeat([0, 1], n)


def test_the_nearest_neighbours_are_those_of_brute_force():
    x, labels = both(60, shift=1.0)
    distance = cdist(x, x) + np.diag(np.full(120, np.inf))
    expected = labels[distance.argmin(1)] == labels
    found = neighbour_test(x, labels, np.random.default_rng(3), permutations=1)
    assert found.accuracy == pytest.approx(expected.mean())
    assert found.right[found.labels == 1].mean() == pytest.approx(expected[60:].mean())


def test_its_p_value_is_the_share_of_all_permutations_that_are_as_good():
    """For three points of each set, all 20 choices of labels."""
    x, labels = both(3, shift=2.0, seed=5)
    nearest = (cdist(x, x) + np.diag(np.full(6, np.inf))).argmin(1)
    observed = (labels[nearest] == labels).sum()
    every = [np.isin(np.arange(6), chosen) for chosen in combinations(range(6), 3)]
    exact = np.mean([(other[nearest] == other).sum() >= observed for other in every])
    found = neighbour_test(x, labels, np.random.default_rng(0), permutations=20_000)
    assert 0.1 < exact < 0.9
    assert found.p == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 20_000) ** 0.5)


def test_of_one_distribution_the_accuracy_has_its_known_mean_and_p_is_uniform():
    n = 10
    found = [neighbour_test(*both(n, seed=s), np.random.default_rng(s), permutations=99) for s in range(400)]
    accuracies = np.array([one.accuracy for one in found])
    assert accuracies.mean() == pytest.approx((n - 1) / (2 * n - 1), abs=4 * accuracies.std() / 20)
    assert np.mean([one.p <= 0.1 for one in found]) <= 0.1 + 4 * (0.09 / 400) ** 0.5  # never more often than p says
    assert np.mean([one.p <= 0.5 for one in found]) >= 0.2


def test_disjoint_sets_are_told_apart_and_copies_are_never():
    x, labels = both(50, shift=100.0)
    found = neighbour_test(x, labels, np.random.default_rng(0), permutations=99)
    assert (found.accuracy, found.p) == (1, 0.01)
    found = held_out_test(x, 50, np.random.default_rng(0))
    assert (found.accuracy, found.p) == (1, 0.5**25)
    x[50:] = x[:50]
    found = neighbour_test(x, labels, np.random.default_rng(0), permutations=99)
    assert (found.accuracy, found.p) == (0, 1)


def test_equally_near_points_favour_no_set():
    found = [
        neighbour_test(np.zeros((20, 1)), np.repeat([0, 1], 10), np.random.default_rng(s), 1).accuracy
        for s in range(400)
    ]
    assert np.mean(found) == pytest.approx(9 / 19, abs=4 * np.std(found) / 20 + 1e-3)


def test_the_held_out_accuracy_has_the_binomial_law():
    found = [held_out_test(both(40, seed=s)[0], 40, np.random.default_rng(s)) for s in range(300)]
    counts = np.array([one.right.sum() for one in found])
    for one, count in zip(found, counts, strict=True):
        assert one.p == pytest.approx(binomtest(int(count), 20, alternative="greater").pvalue)
    assert counts.mean() == pytest.approx(10, abs=4 * (5 / 300) ** 0.5)
    assert counts.var() == pytest.approx(5, abs=4 * 5 * (2 / 300) ** 0.5)
    spread = np.random.default_rng(0).uniform(size=300)  # between the steps of the law, so that p is uniform
    below = np.array([binomtest(int(c) + 1, 20, alternative="greater").pvalue if c < 20 else 0.0 for c in counts])
    assert kstest(below + spread * (np.array([one.p for one in found]) - below), "uniform").pvalue > 1e-3


def test_the_linear_classifier_finds_the_shift_of_gaussians():
    """The best accuracy there is for a shift s is Φ(s / 2)."""
    found = held_out_test(both(8000, shift=1.5)[0], 8000, np.random.default_rng(0))
    assert found.accuracy == pytest.approx(norm.cdf(0.75), abs=4 * (0.18 / 4000) ** 0.5)
    assert found.p < 1e-6


def test_what_is_judged_is_not_learnt_and_another_classifier_can_be_given():
    class Watched(KNeighborsClassifier):
        def fit(self, x, y):
            self.learnt = {tuple(row) for row in x}
            assert sorted(y) == [0] * 5 + [1] * 5
            return super().fit(x, y)

        def predict(self, x):
            assert not self.learnt & {tuple(row) for row in x}
            return super().predict(x)

    x, _ = both(11, shift=50.0)
    found = held_out_test(x, 11, np.random.default_rng(0), Watched(1))
    assert len(found.right) == 6
    assert found.accuracy == 1
    assert LogisticRegression().fit(x, np.repeat([0, 1], 11)).score(x, np.repeat([0, 1], 11)) == 1


class Data:
    """Random images, levels, of brightness below ``top``, or sequences of tokens below it."""

    def __init__(self, spec, top, n=60):
        self.spec, self.top = spec, top
        self.numbers = {"train": n, "test": n, "validation": 3}

    def evaluation_images(self, split):
        seed = torch.Generator().manual_seed(len(split))
        kind = torch.long if self.spec.vocabulary else torch.uint8
        return split_of(torch.randint(self.top, (self.numbers[split], *self.spec.shape), generator=seed, dtype=kind))


class Model(Inference):
    def __init__(self, sample):
        super().__init__()
        self.sample = sample


IMAGES = Data(DataSpec("images", (1, 4, 4)), 100)
TOKENS = Data(DataSpec("letters", (1, 12), levels=9, axes="t", vocabulary=tuple("abcdefghi")), 5)
KEYS = {
    *("two_sample_neighbour", "two_sample_neighbour_real", "two_sample_neighbour_generated", "two_sample_neighbour_p"),
    *("two_sample_neighbour_floor", "two_sample_linear", "two_sample_linear_p", "two_sample_linear_floor"),
}


def noise(top, dtype=torch.float32):
    def sample(n, generator):
        levels = torch.randint(top, (n, 1, 4, 4), generator=generator)
        return levels / 255 * 2 - 1 if dtype.is_floating_point else levels

    return Model(sample)


def test_samples_like_the_data_are_not_told_from_them_and_brighter_ones_are():
    like = TwoSample(permutations=200)(noise(100), IMAGES, "test").values
    assert like.keys() == KEYS
    for name in ("two_sample_neighbour", "two_sample_linear"):
        assert like[f"{name}_p"] > 0.01
        assert abs(like[f"{name}_floor"] - 0.5) < 0.25
    mean = (like["two_sample_neighbour_real"] + like["two_sample_neighbour_generated"]) / 2
    assert like["two_sample_neighbour"] == pytest.approx(mean)
    brighter = TwoSample(permutations=200)(noise(256), IMAGES, "test").values
    assert brighter["two_sample_linear_p"] < 1e-4
    assert brighter["two_sample_neighbour_p"] == pytest.approx(1 / 201)
    assert brighter["two_sample_neighbour_floor"] == like["two_sample_neighbour_floor"]


def test_samples_are_rounded_to_levels_and_the_number_is_in_the_names():
    metric = TwoSample(images=30)
    own = metric.chosen(IMAGES, "test", 30)
    found = metric(Model(lambda n, generator: own / 255 * 2 - 1 + 0.003), IMAGES, "test")
    assert found.values.keys() == {f"{key}_n30" for key in KEYS}
    assert found.values["two_sample_neighbour_n30"] == 0  # each is its copy's nearest, at distance 0
    assert found.protocol["data"] == 30


def test_sequences_are_compared_token_by_token():
    tokens = TOKENS.evaluation_images("test").images.squeeze(1)
    x = points(tokens, TOKENS.spec).toarray()
    different = (tokens[:, None] != tokens).sum(2).numpy()
    np.testing.assert_allclose(cdist(x, x, "sqeuclidean"), 2 * different, atol=1e-9)
    others = Model(lambda n, generator: torch.randint(4, 9, (n, 1, 12), generator=generator))
    found = TwoSample()(others, TOKENS, "test").values
    assert found["two_sample_neighbour"] > 0.9
    assert found["two_sample_linear"] > 0.9


@pytest.mark.parametrize("order", [torch.arange(200) % 2, torch.arange(200) // 100], ids=["in turn", "sorted"])
def test_data_in_the_order_of_their_classes_are_chosen_from_all(order):
    class Ordered(Data):
        """Dark and bright images."""

        def evaluation_images(self, split):
            return split_of(
                super().evaluation_images(split).images + 100 * order[: self.numbers[split]].view(-1, 1, 1, 1)
            )

    data = Ordered(IMAGES.spec, 20, n=200)
    shares = [(TwoSample().chosen(data, split, 80) >= 100).float().mean().item() for split in ("train", "test")]
    assert shares == pytest.approx([0.5, 0.5], abs=0.2)
    assert shares != [0.5, 0.5]


def test_small_splits_are_not_measured_and_small_numbers_refused():
    assert TwoSample()(noise(100), IMAGES, "validation") == Evaluation()
    with pytest.raises(GenzooError, match=r"^metrics\.two_sample\.images=3: an integer of at least 4 is needed\."):
        TwoSample(images=3)
    with pytest.raises(GenzooError, match=r"^metrics\.two_sample\.permutations=0: an integer of at least 1 is needed"):
        TwoSample(permutations=0)
