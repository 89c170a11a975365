"""Samples as one NumPy archive."""

import numpy as np
import pytest
import torch

from genzoo.core.randomness import generator
from genzoo.runs.samples.array import write_array
from genzoo.runs.samples.blocks import Blocks
from support.drawn import SIZE, Coded


class Points(Coded):
    """Two coordinates."""

    image_shape = (2, 1, 1)

    def sample(self, n, labels=None, generator=None):
        return torch.rand(n, 2, 1, 1, generator=generator)


def test_images_and_labels_are_arrays(tmp_path):
    counts = list(write_array(Blocks(Coded(3), 5, 3), 10, tmp_path))
    assert counts == [4, 8, 10, 10]
    with np.load(tmp_path / "samples.npz", allow_pickle=False) as found:
        assert sorted(found) == ["images", "labels"]
        images, labels = found["images"], found["labels"]
    assert (images.dtype, images.shape) == (np.uint8, (10, 2, 3, 3))
    assert (labels.dtype, labels.tolist()) == (np.int64, [0, 1, 2] * 3 + [0])
    np.testing.assert_array_equal(images[:, 0, 0, 1], labels)
    noise = [torch.randint(64, (SIZE, 2, 3), generator=generator(5, "samples", block)) for block in range(3)]
    np.testing.assert_array_equal(images[..., 0], torch.cat(noise)[:10])
    assert [path.name for path in tmp_path.iterdir()] == ["samples.npz"]


def test_points_are_floats_without_labels(tmp_path):
    list(write_array(Blocks(Points()), 6, tmp_path, unit="points"))
    with np.load(tmp_path / "samples.npz") as found:
        assert list(found) == ["points"]
        points = found["points"]
    expected = [torch.rand(SIZE, 2, 1, 1, generator=generator(0, "samples", block)) for block in range(2)]
    assert points.dtype == np.float32
    np.testing.assert_array_equal(points, torch.cat(expected)[:6, :, 0, 0])


class Sentences(Coded):
    """Four tokens of a thousand."""

    axes, image_shape = "t", (1, 4)

    def sample(self, n, labels=None, generator=None):
        return torch.randint(1000, (n, 1, 4), generator=generator)


def test_sequences_are_integers(tmp_path):
    list(write_array(Blocks(Sentences()), 6, tmp_path, unit="sequences"))
    with np.load(tmp_path / "samples.npz") as found:
        assert list(found) == ["sequences"]
        sequences = found["sequences"]
    expected = [torch.randint(1000, (SIZE, 1, 4), generator=generator(0, "samples", block)) for block in range(2)]
    assert sequences.dtype == np.int64
    np.testing.assert_array_equal(sequences, torch.cat(expected)[:6, 0])


class Solid(Coded):
    """Cells of two values along axes of three sizes."""

    axes, image_shape = "dhw", (1, 2, 3, 4)

    def sample(self, n, labels=None, generator=None):
        return torch.randint(2, (n, 1, 2, 3, 4), generator=generator) * 2.0 - 1


def test_volumes_are_bytes_without_channels(tmp_path):
    list(write_array(Blocks(Solid()), 6, tmp_path, unit="volumes"))
    with np.load(tmp_path / "samples.npz") as found:
        assert list(found) == ["volumes"]
        volumes = found["volumes"]
    expected = [torch.randint(2, (SIZE, 2, 3, 4), generator=generator(0, "samples", block)) for block in range(2)]
    assert volumes.dtype == np.uint8
    np.testing.assert_array_equal(volumes, 255 * torch.cat(expected)[:6])


def test_after_an_interruption_it_goes_on_after_the_last_whole_sample(tmp_path):
    (whole, cut) = (tmp_path / "whole", tmp_path / "cut")
    for folder in (whole, cut):
        folder.mkdir()
    list(write_array(Blocks(Coded()), 14, whole))
    with pytest.raises(KeyboardInterrupt):
        list(write_array(Blocks(Coded(fails_at=2)), 14, cut))
    raw = cut / ".samples.npz.raw"
    raw.write_bytes(raw.read_bytes()[: 6 * 18 + 5])  # killed while the seventh of eight samples was written
    module = Coded()
    list(write_array(Blocks(module), 14, cut))
    assert module.made == 3
    with np.load(whole / "samples.npz") as a, np.load(cut / "samples.npz") as b:
        np.testing.assert_array_equal(a["images"], b["images"])
    list(write_array(Blocks(module), 14, cut))
    assert module.made == 3


def test_no_more_than_a_block_is_in_memory(tmp_path):
    module = Coded()
    list(write_array(Blocks(module), 15 * SIZE, tmp_path))
    assert module.alive <= 2
