"""The metrics that draw: SampleGrid and Traversal."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from genzoo.core.batches import DataSpec
from genzoo.core.capabilities import Decodes, Samples
from genzoo.core.directions import principal_directions
from genzoo.core.images import to_levels
from genzoo.core.inference import Inference
from genzoo.core.latent import Categorical, Latent, Normal, Uniform
from genzoo.core.randomness import generator
from genzoo.metrics.samples import SampleGrid
from genzoo.metrics.traversal import Traversal

DATA = SimpleNamespace(spec=DataSpec("painted", shape=(1, 64, 64)))


class Painter(Inference):
    """Paints 64 x 64 pixels, the left half grey by the first dimension of the code, the right one by the second."""

    device = torch.device("cpu")

    def __init__(self):
        super().__init__()
        self.latent = Latent(noise=Normal(12), digit=Categorical(3), style=Uniform(2))

    def capabilities(self):
        return frozenset({Samples, Decodes})

    def sample(self, n, labels=None, generator=None):
        return self.decode(self.latent.sample(n, generator))

    def decode(self, z):
        return z[:, :2, None].repeat_interleave(32, 1).view(len(z), 1, 1, 64).expand(-1, -1, 64, -1).tanh()


def cells(picture, rows, columns):
    """The upper left and upper right pixel of each image of a sheet, (rows, columns, 2)."""
    pixels = np.array(picture)[:, -(columns * 66 + 2) :]
    assert pixels.shape == (rows * 66 + 2, columns * 66 + 2)
    return np.stack([pixels[2::66, 2::66], pixels[2::66, 65::66]], axis=-1)


METRICS = pytest.mark.parametrize(
    ("metric", "name"), [(SampleGrid(2, 3), "grid"), (Traversal(steps=4), "traversal")], ids=["grid", "traversal"]
)


def test_the_grid_shows_its_samples_row_by_row():
    found = SampleGrid(rows=2, columns=5, seed=3)(Painter(), DATA, "test")
    images = Painter().sample(10, generator=generator(3, "grid"))
    assert found.values == {}
    assert (cells(found.pictures["grid"], 2, 5) == to_levels(images)[:, 0, 0, [0, 63]].view(2, 5, 2).numpy()).all()


def test_the_traversal_shows_a_row_a_name_beside_a_margin():
    sheet = Traversal(steps=4, seed=3)(Painter(), DATA, "test").pictures["traversal"]
    ways = {"noise": principal_directions(Painter(), "noise", generator(3, "directions"))}
    codes, names = Painter().latent.traverse(4, generator(3, "traversal"), ways)
    expected = to_levels(codes[..., :2].tanh()).numpy()
    assert len(names) == 9  # four directions of the noise, three digits, two styles
    assert (cells(sheet, 9, 4) == expected).all()
    assert sheet.width > 4 * 66 + 2


@METRICS
def test_a_picture_is_the_same_on_a_second_call_and_touches_no_global_random_state(metric, name):
    first = metric(Painter(), DATA, "validation").pictures[name]
    torch.manual_seed(5)
    state = torch.get_rng_state()
    second = metric(Painter(), DATA, "validation").pictures[name]
    assert (np.array(first) == np.array(second)).all()
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [(SampleGrid(2, 3), SampleGrid(2, 3, seed=1), "grid"), (Traversal(4), Traversal(4, seed=1), "traversal")],
    ids=["grid", "traversal"],
)
def test_another_seed_gives_another_picture(one, other, name):
    first, second = (np.array(metric(Painter(), DATA, "test").pictures[name]) for metric in (one, other))
    assert first.shape == second.shape
    assert (first != second).any()
