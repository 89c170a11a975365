"""Samples as one picture each."""

import numpy as np
import pytest
import torch
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.core.randomness import generator
from genzoo.runs.samples.blocks import Blocks
from genzoo.runs.samples.pictures import write_grid, write_pictures
from support.drawn import SIZE, Coded


def contents(folder):
    """Path -> bytes of all files."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def written(folder, n, module=None, seed=0, **options):
    folder.mkdir(exist_ok=True)
    list(write_pictures(Blocks(module or Coded(), seed, **options), n, folder))
    return contents(folder)


def red(seed, index):
    """The noise of a sample, drawn here as the model draws it."""
    block, i = divmod(index, SIZE)
    return torch.randint(64, (SIZE, 2, 3), generator=generator(seed, "samples", block))[i].numpy()


def test_each_picture_holds_the_levels_of_its_own_noise(tmp_path):
    assert sorted(written(tmp_path, 6, seed=3)) == [f"{i:06d}.png" for i in range(6)]
    for i in range(6):
        levels = np.asarray(Image.open(tmp_path / f"{i:06d}.png"))
        assert levels.shape == (2, 3, 3)
        np.testing.assert_array_equal(levels[..., 0], red(3, i))
        assert (levels[..., 2] == SIZE).all(), "a block is drawn as a whole"


def test_a_sample_does_not_depend_on_their_number(tmp_path):
    few, many = written(tmp_path / "few", 5), written(tmp_path / "many", 11)
    assert few.items() < many.items()


def test_other_seeds_give_other_samples(tmp_path):
    a, b = (written(tmp_path / str(seed), 1, seed=seed)["000000.png"] for seed in (0, 1))
    assert a != b


def test_after_an_interruption_only_missing_ones_are_drawn(tmp_path):
    whole = written(tmp_path / "whole", 14)
    cut = tmp_path / "cut"
    with pytest.raises(KeyboardInterrupt):
        written(cut, 14, Coded(fails_at=2))
    (cut / "000001.png").write_bytes(b"")  # as after a loss of power
    before = {path: path.stat().st_mtime_ns for path in cut.iterdir() if path.stat().st_size}
    module = Coded()
    assert written(cut, 14, module) == whole
    assert len(before) == 2 * SIZE - 1
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert module.made == 3  # the block of the empty file, and the two that were not drawn
    written(cut, 14, module)
    assert module.made == 3


def test_at_most_two_blocks_are_in_memory(tmp_path):
    module = Coded()
    written(tmp_path, 15 * SIZE, module)
    assert module.made == 15
    assert module.alive <= 2


def test_classes_are_even_and_in_folders(tmp_path):
    names = written(tmp_path, 7, Coded(classes=3), classes=3)
    assert sorted(names) == sorted(f"{i % 3}/{i:06d}.png" for i in range(7))
    for name in names:
        assert (np.asarray(Image.open(tmp_path / name))[..., 1] == int(name[0])).all()


def test_one_class_alone(tmp_path):
    names = written(tmp_path, 5, Coded(classes=3), label=2, classes=3)
    assert sorted(names) == [f"2/{i:06d}.png" for i in range(5)]
    assert all((np.asarray(Image.open(tmp_path / name))[..., 1] == 2).all() for name in names)


def test_an_animation_shows_all_canvases(tmp_path):
    list(write_pictures(Blocks(Coded(), 3), 5, tmp_path, draws_in_steps=True))
    assert sorted(contents(tmp_path)) == [f"{i:06d}.gif" for i in range(5)]
    film = Image.open(tmp_path / "000004.gif")
    assert film.n_frames == 3
    shown = []
    for i in range(3):
        film.seek(i)
        shown.append(np.asarray(film.convert("RGB")))
    assert (shown[0] == 0).all()
    assert (shown[1] == 128).all()
    np.testing.assert_array_equal(shown[2][..., 0], red(3, 4))


@pytest.mark.parametrize(("classes", "columns"), [(0, 3), (2, 2)])
def test_a_grid_has_a_column_per_class_or_is_square(tmp_path, classes, columns):
    list(write_grid(Blocks(Coded(classes), 0, classes), 8, path := tmp_path / "grid.png"))
    grid, rows = np.asarray(Image.open(path)), -(-8 // columns)
    zoom = 32  # of images of two pixels
    assert grid.shape == ((rows * (2 + 2) + 2) * zoom, (columns * (3 + 2) + 2) * zoom, 3)
    if classes:  # the second image of the first row is of class 1
        assert grid[2 * zoom, (2 + 3 + 2) * zoom, 1] == 1


def test_a_grid_can_be_an_animation(tmp_path):
    list(write_grid(Blocks(Coded()), 9, path := tmp_path / "grid.gif", draws_in_steps=True))
    assert Image.open(path).n_frames == 3


def test_what_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / ".000001.png.partial").mkdir()  # no file can be opened there
    with pytest.raises(GenzooError, match=r"000001\.png\.partial: it could not be written .* same command again") as e:
        written(tmp_path, 3)
    assert "\n" not in str(e.value)


def test_a_block_of_a_foreign_checkpoint_cannot_exceed_memory():
    module = Coded()
    module.sampling_batch = 10**8
    with pytest.raises(GenzooError, match=r"model.sampling_batch=100000000: at most 100,000 images"):
        Blocks(module)
