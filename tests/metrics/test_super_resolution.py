"""Whole photographs against Pillow's interpolations and an independent luma, ratio and similarity."""

import math
import os

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from genzoo.core.capabilities import Restores
from genzoo.core.errors import GenzooError
from genzoo.core.images import bicubic
from genzoo.core.inference import Inference
from genzoo.metrics.super_resolution import SuperResolution

SET5 = os.environ.get("GENZOO_SET5")


class Darker(Inference):
    """Restores the bicubic enlargement of a bicubic reduction, darker by ten levels."""

    device = torch.device("cpu")

    def __init__(self, factor=4):
        super().__init__()
        self.factor = factor

    def capabilities(self):
        return frozenset({Restores})

    def degrade(self, images, generator=None):
        return bicubic(images, (images.shape[2] // self.factor, images.shape[3] // self.factor))

    def restore(self, observations, generator=None):
        height, width = observations.shape[2:]
        return bicubic(observations, (self.factor * height, self.factor * width)) - 10 / 127.5


def luma(picture):
    red, green, blue = np.moveaxis(np.asarray(picture, dtype=float), -1, 0)
    return (16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255)[4:-4, 4:-4]


def mean(values):
    """In Gaussian windows of 11 pixels that lie within the image."""
    return gaussian_filter(values, 1.5, radius=5)[5:-5, 5:-5]


def similarity(a, b):
    """Wang et al. 2004."""
    one, other = mean(a), mean(b)
    variances = mean(a * a) - one**2, mean(b * b) - other**2
    covariance = mean(a * b) - one * other
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    numerator = (2 * one * other + c1) * (2 * covariance + c2)
    return (numerator / ((one**2 + other**2 + c1) * (sum(variances) + c2))).mean()


def photograph(seed, width, height):
    """Smooth noise."""
    noise = np.random.RandomState(seed).rand(height, width, 3)
    smooth = gaussian_filter(noise, (2, 2, 0))
    return Image.fromarray((255 * (smooth - smooth.min()) / np.ptp(smooth)).astype(np.uint8))


def test_values_are_those_of_an_independent_computation(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    photographs = [photograph(0, 46, 41), photograph(1, 40, 60)]
    for i, each in enumerate(photographs):
        each.save(folder / f"{i}.png")
    expected = {name: [] for name in ("", "_bicubic", "_nearest")}
    for each in photographs:
        width, height = (side // 4 * 4 for side in each.size)
        original = each.crop((0, 0, width, height))
        small = original.resize((width // 4, height // 4), Image.Resampling.BICUBIC)
        large = small.resize((width, height), Image.Resampling.BICUBIC)
        darker = Image.fromarray((np.asarray(large).astype(int) - 10).clip(0, 255).astype(np.uint8))
        nearest = small.resize((width, height), Image.Resampling.NEAREST)
        for name, found in zip(expected, (darker, large, nearest), strict=True):
            a, b = luma(found), luma(original)
            expected[name].append((10 * math.log10(255**2 / ((a - b) ** 2).mean()), similarity(a, b)))
    found = SuperResolution([str(folder)])(Darker(), None, "test")
    for name, values in expected.items():
        psnr, ssim = np.mean(values, 0)
        assert found.values[f"psnr_mine{name}"] == pytest.approx(psnr, abs=0.03)  # Pillow rounds between two passes
        assert found.values[f"ssim_mine{name}"] == pytest.approx(ssim, abs=1e-3)
    assert found.protocol == {"images_mine": 2, "border": 4, "batch_norm": "running"}
    assert found.pictures.keys() == {"super_resolution_mine"}


@pytest.mark.skipif(not SET5, reason="needs the five photographs of Set5 (GENZOO_SET5=<folder>)")
def test_interpolations_of_set5_have_the_papers_values():
    found = SuperResolution([SET5])(Darker(), None, "test").values
    psnr = [value for name, value in found.items() if name.startswith("psnr")]
    assert psnr[:2] == pytest.approx([26.26, 28.43], abs=0.005)


def test_missing_and_empty_folders_and_other_factors_are_one_line(tmp_path):
    with pytest.raises(GenzooError, match=r"^metrics\.super_resolution\.folders=.*/none: there is no such folder"):
        SuperResolution([str(tmp_path / "none")])(Darker(), None, "test")
    with pytest.raises(GenzooError, match=r"^metrics\.super_resolution\.folders=.*: the folder is empty; images end"):
        SuperResolution([str(tmp_path)])(Darker(), None, "test")
    photograph(0, 40, 40).save(tmp_path / "a.png")
    with pytest.raises(GenzooError, match=r"^metrics\.super_resolution\.factor=4: .*\(40, 40\).*\(20, 20\)"):
        SuperResolution([str(tmp_path)])(Darker(factor=2), None, "test")
