"""torch-fidelity through our bridge: each number beside a plain computation of it."""

import numpy as np
import pytest
import torch
import torch_fidelity
from scipy.linalg import sqrtm

from genzoo.metrics.extractors import bridge
from genzoo.metrics.extractors.extractor import Extractor


class Pixels(torch.nn.Module):
    """Features are the pixels, logits the first three of them; counts what it sees."""

    seen = 0

    def forward(self, images):
        Pixels.seen += len(images)
        pixels = images.flatten(1).float()
        return pixels / 16, pixels[:, :3] / 64


class PixelLayers(bridge.TwoLayers):
    network_of = staticmethod(lambda path: Pixels())


torch_fidelity.register_feature_extractor("test-pixels", PixelLayers)
EXTRACTOR = Extractor("pixels", "_pixels", "test-pixels", "none", "0" * 64, 1, 100, "none")
SETTINGS = {
    "isc_splits": 4,
    "samples_shuffle": False,
    "kid_subsets": 1,
    "prc_neighborhood": 3,
    "batch_size": 64,
    "rng_seed": 0,
}


def images(n, mean, std, seed):
    """Pixels (n, 1, 1, len(mean)) of a Gaussian."""
    draws = np.random.default_rng(seed).normal(mean, std, (n, len(mean)))
    return torch.from_numpy(draws.round().clip(0, 255).astype(np.uint8)).view(n, 1, 1, -1)


def measured(metrics, samples, reference, cache, content="content", extractor=EXTRACTOR, **settings):
    rest = iter(samples)
    return bridge.measure(
        metrics,
        lambda m: torch.stack([next(rest) for _ in range(m)]),
        len(samples),
        reference,
        content,
        extractor,
        cache,
        torch.device("cpu"),
        SETTINGS | settings,
    )


def features(levels):
    return levels.flatten(1).double().numpy() / 16


def test_fid_of_gaussians_is_the_closed_form(tmp_path):
    means, stds = ((100, 120, 90), (130, 110, 90)), ((30, 20, 16), (10, 20, 32))
    samples, reference = (images(20_000, *of, seed) for seed, of in enumerate(zip(means, stds, strict=True)))
    fid = measured(["fid"], samples, reference, tmp_path)["fid"]
    squared = np.square(np.subtract(*np.array([means, stds]).transpose(1, 0, 2) / 16)).sum()
    assert fid == pytest.approx(squared, rel=0.03)  # |μ - μ'|² + |σ - σ'|² of independent dimensions

    x, y = features(samples), features(reference)
    mixed = x @ np.array([[1, 0.5, 0], [0, 1, 0.5], [0, 0, 1]])  # now with correlations, by the general formula
    samples = torch.from_numpy((mixed * 8).clip(0, 255).astype(np.uint8)).view(-1, 1, 1, 3)
    x = features(samples)
    a, b = np.cov(x.T), np.cov(y.T)
    exact = np.square(x.mean(0) - y.mean(0)).sum() + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert measured(["fid"], samples, reference, tmp_path)["fid"] == pytest.approx(exact, rel=1e-4)


def test_the_inception_score_is_that_of_equal_parts_in_the_order_drawn(tmp_path):
    samples = images(100, (120, 120, 120, 120), (80, 80, 80, 80), 0)
    p = (samples.flatten(1)[:, :3].double() / 64).softmax(1)
    scores = [(part * (part / part.mean(0)).log()).sum(1).mean().exp().item() for part in p.split(25)]
    Pixels.seen = 0
    found = measured(["inception_score"], samples, samples, tmp_path)
    assert Pixels.seen == 100  # it needs no reference
    assert found == pytest.approx({"inception_score": np.mean(scores), "inception_score_std": np.std(scores)}, rel=1e-5)


def test_kid_is_the_unbiased_mmd_of_a_cubic_kernel(tmp_path):
    samples, reference = images(40, (100, 120, 90, 80), [9] * 4, 0), images(40, (110, 110, 90, 80), [12] * 4, 1)
    x, y = features(samples), features(reference)

    def kernel(a, b):
        return (a @ b / 4 + 1) ** 3

    n, pairs = 40, [(i, j) for i in range(40) for j in range(40)]
    within = sum(kernel(x[i], x[j]) + kernel(y[i], y[j]) for i, j in pairs if i != j) / (n * (n - 1))
    across = sum(kernel(x[i], y[j]) for i, j in pairs) / n**2
    found = measured(["kid"], samples, reference, tmp_path, kid_subset_size=40)
    assert found["kid"] == pytest.approx(within - 2 * across, rel=1e-3)


def test_precision_and_recall_count_who_lies_among_the_others_neighbours(tmp_path):
    samples, reference = images(60, [90] * 5, [10] * 5, 0), images(80, [100] * 5, [20] * 5, 1)
    x, y = features(samples), features(reference)

    def covered(points, others):
        """The fraction of points no farther from one of the others than that one's third neighbour."""
        balls = [(other, sorted(np.linalg.norm(others - other, axis=1))[3]) for other in others]  # the first is itself
        covered = [any(np.linalg.norm(point - centre) <= radius for centre, radius in balls) for point in points]
        return sum(covered) / len(points)

    found = measured(["precision_recall"], samples, reference, tmp_path)
    precision, recall = covered(x, y), covered(y, x)
    assert found == pytest.approx({"precision": precision, "recall": recall})
    assert recall < precision  # the samples are narrower


def test_reference_features_are_extracted_once_for_the_same_content_and_weights(tmp_path):
    samples, reference = images(50, [90] * 4, [10] * 4, 0), images(70, [100] * 4, [20] * 4, 1)

    def seen(**changed):
        Pixels.seen = 0
        found = measured(["fid", "precision_recall"], samples, **{"reference": reference, "cache": tmp_path, **changed})
        return Pixels.seen, found

    first, second = seen(), seen()
    assert (first[0], second[0]) == (120, 50)
    assert first[1] == second[1]
    assert seen(content="other", reference=reference[:60])[0] == 110
    assert seen(extractor=EXTRACTOR._replace(sha256="1" * 64))[0] == 120
    assert seen()[0] == 50
