"""The picture of showers: where a cell is drawn, and how bright."""

import numpy as np
import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.metrics.cell_colours import colours
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.shower_maps import ShowerMaps
from support.showers import Simulates, electrons


@pytest.fixture(scope="module")
def data():
    return electrons(n_train=1, n_test=40)


def test_brightness_is_the_logarithm_of_the_energy():
    energies = torch.tensor([0.0, 1e-3, 1.0, 1e3, 1e4]).view(1, 1, 1, 5)
    sums = colours(energies, 1e3).sum(1).flatten()
    assert sums[0] == sums[1] == colours(torch.zeros(1, 1, 1, 1), 1).sum()
    assert sums[1] < sums[2] < sums[3] == sums[4]
    middle = colours(torch.full((1, 1, 1, 1), 1.0), 1e3)  # half of three decades of six
    torch.testing.assert_close(middle, colours(torch.full((1, 1, 1, 1), 0.1), 10.0), atol=0.02, rtol=0)


def test_generated_showers_are_below_simulated_ones_and_layers_side_by_side(data):
    def corner(layers, energy):
        """All energy in the first cell of the last layer."""
        layers = {name: torch.zeros_like(layer) for name, layer in layers.items()}
        layers["layer_2"][:, 0, 0] = energy[:, 0, 0]
        return layers

    found = ShowerMaps(columns=2)(Simulates(corner), data, "test").pictures["showers"]
    pixels = np.asarray(found).astype(int).sum(2)
    left = pixels.shape[1] - (2 + 9 * 98)  # three layers of the mean and of two showers, right of the rows' names
    above, below = ([pixels[top : top + 96, left + 2 + 98 * i :][:, :96] for i in range(9)] for top in (2, 2 + 112))
    for tile in above:
        assert (tile[40:56, 40:56] > 250).any()  # simulated showers are around the centre
        assert (tile[:2, :2] < 250).all()
    layers, dark = below[:3], below[0][0, 0]
    assert dark < 20
    assert (layers[0] == dark).all()
    assert (layers[1] == dark).all()
    cell = layers[2] > 250
    assert cell[1:7, 1:14].all()  # of 8 x 16 pixels, at the upper left
    assert not cell[9:, :].any()
    assert not cell[:, 17:].any()


def test_empty_splits_have_no_picture_and_settings_are_checked(data):
    assert ShowerMaps()(Simulates(), data, "validation") == Evaluation()
    for key in ("images", "columns"):
        with pytest.raises(GenzooError, match=rf"^metrics\.shower_maps\.{key}=0: a positive integer"):
            ShowerMaps(**{key: 0})
