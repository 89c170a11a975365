"""Pairs of the data, and what is refused."""

import pytest
import torch

from genzoo.core.batches import DataSpec
from genzoo.core.errors import GenzooError
from genzoo.translation.pairs import DataPairs, check_domains
from support.translators import SHAPE, pairs

TWO = DataSpec("twins", (1, 4, 4), domains=("a", "b"), target_channels=1, paired=True)


def test_the_target_is_the_partner():
    real = pairs()
    x, y = DataPairs(SHAPE, SHAPE)(real)
    assert torch.equal(x, real.images)
    assert torch.equal(y, real.target)


def test_data_that_do_not_fit_are_one_line_each():
    DataPairs(SHAPE, SHAPE).check_data(TWO)
    with pytest.raises(GenzooError, match=r"the set has only one; choose .* such as data=digit_pairs\.$"):
        DataPairs(SHAPE, (0, 4, 4))
    with pytest.raises(GenzooError, match=r"data=twins has no pairs to train on"):
        DataPairs(SHAPE, SHAPE).check_data(TWO._replace(paired=False))
    with pytest.raises(GenzooError, match=r"data=twins has 1 channels in its second domain, .* built for 3"):
        check_domains(TWO, (3, 4, 4))
