"""Additive noise."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.translation.degradations.noise import Noise


def test_the_signal_to_noise_ratio_is_that_of_the_standard_deviation():
    clean = torch.zeros(20, 1, 64, 64)
    error = Noise((1, 64, 64), sigma=25).degrade(clean, torch.Generator().manual_seed(0)) - clean
    psnr = 10 * torch.log10(4 / error.square().mean())  # of values in [-1, 1]
    assert abs(psnr - 20.17) < 0.05  # 20 log10(255 / 25)


def test_no_noise_is_refused():
    with pytest.raises(GenzooError, match=r"^model\.pairs\.sigma=0: a positive number"):
        Noise((1, 4, 4), sigma=0)
