"""Means of channels, and their pseudo-inverse."""

import numpy as np
import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.translation.degradations.channel_means import ChannelMeans


def test_the_mean_and_its_inverse_are_numpys():
    means = ChannelMeans((3, 1, 1))
    a = means.degrade(torch.eye(3).view(3, 3, 1, 1)).flatten(1).T
    inverse = means.pseudo_inverse(torch.ones(1, 1, 1, 1)).flatten(1).T
    torch.testing.assert_close(a, torch.full((1, 3), 1 / 3))
    torch.testing.assert_close(inverse, torch.from_numpy(np.linalg.pinv(a.numpy())))
    assert means.source == (1, 1, 1)


def test_one_channel_is_refused():
    with pytest.raises(
        GenzooError, match=r"^data\.channels=1: pairs=channel_means needs several; .* data=swiss_roll\.$"
    ):
        ChannelMeans((1, 4, 4))
