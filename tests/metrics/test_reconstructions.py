import numpy as np
import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.core.images import to_levels
from genzoo.metrics.evaluation import Evaluation, capable
from genzoo.metrics.reconstructions import Reconstructions
from support.likelihoods import SIZE, Images, Linear, Pixels

ZOOM = 64 // SIZE
PITCH = (SIZE + 2) * ZOOM


def shown(sheet, rows, columns):
    """The images of a sheet, levels (rows, columns, SIZE, SIZE)."""
    pixels = np.array(sheet)[:, -(columns * PITCH + 2 * ZOOM) :][::ZOOM, ::ZOOM]
    assert pixels.shape == (rows * (SIZE + 2) + 2, columns * (SIZE + 2) + 2)
    cells = pixels[2:, 2:].reshape(rows, SIZE + 2, columns, SIZE + 2)
    return cells[:, :SIZE, :, :SIZE].transpose(0, 2, 1, 3)


def test_each_row_of_images_stands_above_their_reconstructions():
    data, module = Images(), Linear()
    sheet = Reconstructions(rows=2, columns=5)(module, data, "test").pictures["reconstructions"]
    levels = data.split("test").images[::6]
    decoded = to_levels(module.decode(module.encode(levels * 2.0 - 1)))
    found = shown(sheet, 4, 5)
    assert (found[::2] == levels.view(2, 5, SIZE, SIZE).numpy() * 255).all()
    assert (found[1::2] == decoded.view(2, 5, SIZE, SIZE).numpy()).all()
    assert sheet.width > 5 * PITCH + 2 * ZOOM  # the names of the rows


@pytest.mark.parametrize(("n", "rows", "columns"), [(7, 1, 5), (3, 1, 3), (1, 1, 1), (11, 2, 5)])
def test_of_fewer_images_there_are_fewer_rows_or_columns(n, rows, columns):
    sheet = Reconstructions(rows=2, columns=5)(Linear(), Images(test=n), "test").pictures["reconstructions"]
    assert shown(sheet, 2 * rows, columns).shape[:2] == (2 * rows, columns)


def test_a_picture_is_the_same_on_a_second_call_and_touches_no_global_random_state():
    state = torch.get_rng_state()
    first, second = (Reconstructions()(Linear(), Images(), "test").pictures["reconstructions"] for _ in range(2))
    assert (np.array(first) == np.array(second)).all()
    assert torch.equal(torch.get_rng_state(), state)


def test_empty_splits_are_not_drawn():
    assert Reconstructions()(Linear(), Images(validation=0), "validation") == Evaluation()


def test_it_needs_a_model_that_encodes_and_decodes():
    assert capable({"reconstructions": Reconstructions()}, Linear())
    assert capable({"reconstructions": Reconstructions()}, Pixels()) == {}


@pytest.mark.parametrize("key", ["rows", "columns"])
def test_settings_are_checked(key):
    with pytest.raises(GenzooError, match=f"^metrics.reconstructions.{key}=0: a positive integer is needed.$"):
        Reconstructions(**{key: 0})
