"""Classifier two-sample tests: is a classifier better than chance at telling two sets of points apart?

Under the null hypothesis both sets are of one distribution. Source: Lopez-Paz and Oquab 2017, arXiv 1610.06545.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.stats import binom
from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors


class Found(NamedTuple):
    """The result of a test.

    Args:
        right: whether each judged point was classified rightly, bool (n,).
        labels: the sets of these points, 0 or 1, (n,).
        p: probability, under the null hypothesis, of at least as many right ones.
    """

    right: np.ndarray
    labels: np.ndarray
    p: float

    @property
    def accuracy(self) -> float:
        """The share of right ones."""
        return float(self.right.mean())


def neighbour_test(x: Any, labels: np.ndarray, randomness: np.random.Generator, permutations: int = 1000) -> Found:
    """Each point is classified as its nearest other point, by Euclidean distance (leave-one-out).

    With n points in each set, the expected accuracy under the null hypothesis is (n - 1) / (2 n - 1), and 0 if one set
    consists of copies of the other. Judgements depend on each other, so that they do not have a binomial law; their
    exact law is that of randomly permuted labels on the same points, of which a number is drawn.

    Args:
        x: points (N, d), an array or a sparse one.
        labels: the sets, 0 or 1, (N,).
        randomness: of the permutations, and of the order in which the first of equally near points counts.
        permutations: number of permutations; p is at least 1 / (1 + permutations).

    Example:
        >>> x, labels = np.array([[0.0], [0.1], [0.2], [5.0], [5.1]]), np.array([0, 0, 0, 1, 1])
        >>> neighbour_test(x, labels, np.random.default_rng(0)).accuracy
        1.0
    """
    order = randomness.permutation(len(labels))
    x, labels = x[order], labels[order]
    nearest = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(x).kneighbors(return_distance=False)[:, 0]
    right = labels[nearest] == labels
    permuted = (randomness.permutation(labels) for _ in range(permutations))
    as_good = sum(int((other[nearest] == other).sum() >= right.sum()) for other in permuted)
    return Found(right, labels, (1 + as_good) / (1 + permutations))


def held_out_test(x: Any, n: int, randomness: np.random.Generator, classifier: ClassifierMixin | None = None) -> Found:
    """A classifier learns from half of both sets and judges the other half.

    Of each pair of points, one of each set, that it does not learn from, a fair coin decides which one is judged. So
    under the null hypothesis the number of right judgements is exactly binomial, with probability 1/2.

    Args:
        x: points (2 n, d), an array or a sparse one, of the first set and of the second.
        n: number of points in each set, at least 2.
        randomness: of the pairs and the coins.
        classifier: with the methods ``fit`` and ``predict``; None = logistic regression.

    Example:
        >>> x = np.arange(8.0)[:, None]
        >>> held_out_test(x, 4, np.random.default_rng(0)).p  # two of two
        0.25
    """
    first, second = randomness.permutation(n), n + randomness.permutation(n)
    learnt, labels = n // 2, randomness.integers(2, size=n - n // 2)
    judged = np.where(labels, second[learnt:], first[learnt:])
    model = classifier or LogisticRegression(max_iter=1000)
    model.fit(x[np.concatenate([first[:learnt], second[:learnt]])], np.repeat([0, 1], learnt))
    right = model.predict(x[judged]) == labels
    return Found(right, labels, float(binom.sf(right.sum() - 1, len(right), 0.5)))
