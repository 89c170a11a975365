"""The picture of jets: which class is drawn where, and the sign of the difference."""

import numpy as np
import pytest
import torch

from genzoo.core.capabilities import Samples, SamplesClasses
from genzoo.core.errors import GenzooError
from genzoo.core.inference import Inference
from genzoo.data.jets import Jets
from genzoo.metrics.cell_colours import signed_colours
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.jet_maps import JetMaps


class Corners(Inference):
    """All momentum of class 0 is in the first pixel, that of class 1 in the last one."""

    def capabilities(self):
        return frozenset({Samples, SamplesClasses})

    def sample(self, n, labels=None, generator=None):
        return torch.zeros(n, 625).scatter(1, (624 * labels)[:, None], 250.0)


def test_differences_are_blue_below_0_and_red_above():
    red, green, blue = signed_colours(torch.tensor([-9.0, -2.0, 0.0, 2.0]).view(1, 1, 1, 4), 2.0)[0, :, 0]
    assert red[0] == red[1] == -1
    assert blue[1] < blue[2]  # the darkest blue
    assert (red[2] > 0.95) & (green[2] > 0.95) & (blue[2] > 0.95)
    assert red[3] > green[3] == blue[3] == -1


def test_classes_are_side_by_side_and_the_difference_last():
    data = Jets(n_train=1, n_validation=0, n_test=40)
    found = JetMaps(columns=2)(Corners(), data, "test").pictures["jets"]
    pixels = np.asarray(found).astype(int)
    left = pixels.shape[1] - (2 + 7 * 98)  # the mean and two jets of each class, and the difference
    above, below = ([pixels[top : top + 96, left + 2 + 98 * i :][:, :96] for i in range(7)] for top in (2, 2 + 112))
    for tile in above[:6]:
        assert tile[47:50, 47:50].sum(2).min() > 250  # simulated jets have a leading prong at the centre
    assert (above[6][:2, :2] > 240).all()  # no difference
    for i, tile in enumerate(below[:6]):
        first, last = tile[1, 1].sum(), tile[94, 94].sum()
        assert (first > 250, last > 250) == (i < 3, i >= 3)
        assert tile[47:50, 47:50].sum(2).max() < 20
    (red, _, blue), (last_red, _, last_blue) = below[6][1, 1], below[6][94, 94]
    assert blue > red
    assert last_red > last_blue


def test_splits_without_both_classes_have_no_picture_and_settings_are_checked():
    data = Jets(n_train=1, n_validation=0, n_test=1)
    for split in ("validation", "test"):
        assert JetMaps()(Corners(), data, split) == Evaluation()
    for key in ("images", "columns"):
        with pytest.raises(GenzooError, match=rf"^metrics\.jet_maps\.{key}=0: a positive integer"):
            JetMaps(**{key: 0})
