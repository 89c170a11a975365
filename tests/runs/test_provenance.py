"""Reasons why a run's numbers are excluded from the results."""

import numpy as np
import pytest

from genzoo.data.arrays import Arrays
from genzoo.data.shapes import Shapes
from genzoo.runs.provenance import marks_of, origin_of


@pytest.fixture
def loaded(tmp_path):
    """A function from a seed to images of one's own."""

    def of(seed):
        file = tmp_path / f"{seed}.npz"
        np.savez(file, images=np.random.default_rng(seed).integers(0, 256, (20, 6, 6), dtype=np.uint8))
        data = Arrays(file, size=6, channels=1, batch_size=4, rounds=1, seed=0)
        data.setup()
        return data

    return of


def marks(data, experiment, of=()):
    return marks_of({"trainer": {"marks": list(of)}, "experiment": experiment}, origin_of(data))


def test_images_of_ones_own_count_as_an_experiments_if_they_have_its_fingerprint(loaded):
    data = loaded(0)
    experiment = {"fingerprint": data.fingerprint()}
    assert marks(data, experiment) == []
    assert marks(data, experiment, of=["quick"]) == ["quick"]
    assert marks(loaded(1), experiment) == ["data.source=arrays"]
    for without in ({"name": "a row"}, None):
        assert marks(data, without, of=["quick"]) == ["quick", "data.source=arrays"]


def test_official_data_are_not_marked():
    assert marks(Shapes(batch_size=4, rounds=1, seed=0), {"fingerprint": "of other images"}) == []
