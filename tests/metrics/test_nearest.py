import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from genzoo.metrics import nearest as module
from genzoo.metrics.nearest import nearest


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 5)


def levels(n, seed):
    return torch.randint(0, 256, (n, 12), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


@pytest.mark.parametrize("chunk", [1, 2, 7, 40])
@pytest.mark.parametrize("k", [1, 3, 40])
def test_it_finds_what_brute_force_and_sklearn_find_whatever_the_chunks(chunk, k):
    queries, references = levels(13, 0), levels(40, 1)
    distances, indices = nearest(queries, iter(references.split(chunk)), k)
    expected = torch.cdist(queries.double(), references.double(), compute_mode="donot_use_mm_for_euclid_dist")
    order = expected.argsort(1)[:, :k]
    assert torch.equal(indices, order)
    assert torch.allclose(distances, expected.gather(1, order))
    theirs = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(references.double().numpy())
    found, at = theirs.kneighbors(queries.double().numpy())
    assert (indices.numpy() == at).all()
    assert distances.numpy() == pytest.approx(found)


def test_equal_images_are_at_distance_zero_exactly():
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (60, 3072), generator=generator, dtype=torch.uint8)
    distances, indices = nearest(images, images.split(50), 2)  # 50: by matrix products
    assert (distances[:, 0] == 0).all()
    assert torch.equal(indices[:, 0], torch.arange(60))
    assert (distances[:, 1] > 0).all()
