import shutil

import numpy as np
import pytest
from PIL import Image

from genzoo.data.images import ImageFolder
from genzoo.data.shard_writer import write_shards
from support.shards import SIZE


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Fifty grey pictures of two classes."""
    folder = tmp_path_factory.mktemp("pictures")
    noise = np.random.default_rng(0)
    for i in range(50):
        (folder / "ab"[i % 2]).mkdir(exist_ok=True)
        Image.fromarray(noise.integers(0, 256, (40, 34), np.uint8)).save(folder / "ab"[i % 2] / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def folder(pictures):
    return ImageFolder(pictures, SIZE, 1)


@pytest.fixture(scope="module")
def root(folder, tmp_path_factory):
    """Its shards, seven images a chunk."""
    return write_shards(folder, tmp_path_factory.mktemp("written") / "shards", 7 * SIZE**2).root


@pytest.fixture
def copied(root, tmp_path):
    """Shards that a test may break."""
    return shutil.copytree(root, tmp_path / "shards")


@pytest.fixture(autouse=True)
def _a_cache_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
