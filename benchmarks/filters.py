"""Denoising filters of scipy and torchvision on CIFAR-10 with noise of 25 levels: a floor for trained denoisers.

    python benchmarks/filters.py root=data      # the folder of data sets; two minutes on a CPU

Each filter's parameter is the best of its list on 1,000 training images; the PSNR is that of the 10,000 test images.
"""

import sys

import numpy as np
import torch
from scipy.ndimage import gaussian_filter, median_filter, uniform_filter
from scipy.signal import wiener
from torchvision.transforms.functional import gaussian_blur

from genzoo.core.images import from_levels
from genzoo.data.cifar10 import CIFAR10
from genzoo.metrics.image_errors import image_errors
from genzoo.translation.degradations.noise import Noise

SIGMA = 25
DEVIATIONS = (0.4, 0.5, 0.6, 0.7, 0.8, 1.0)


def wieners(images: np.ndarray, window: int) -> np.ndarray:
    """Wiener's filter of each channel of images (B, C, H, W), with the true variance of the noise."""
    channels = images.reshape(-1, *images.shape[2:]).astype(float)
    return np.stack([wiener(channel, window, (SIGMA / 127.5) ** 2) for channel in channels]).reshape(images.shape)


FILTERS = {
    "scipy gaussian_filter": (lambda x, p: gaussian_filter(x, (0, 0, p, p)), DEVIATIONS),
    "scipy median_filter": (lambda x, p: median_filter(x, (1, 1, p, p)), (3, 5)),
    "scipy uniform_filter": (lambda x, p: uniform_filter(x, (1, 1, p, p)), (2, 3)),
    "scipy wiener": (wieners, (3, 5, 7)),
    "torchvision gaussian_blur": (lambda x, p: gaussian_blur(torch.from_numpy(x), [5, 5], [p, p]).numpy(), DEVIATIONS),
}


def main() -> None:
    """Prints one line per filter."""
    data = CIFAR10(root=sys.argv[1].removeprefix("root="))
    data.setup()
    noise = Noise(data.spec.shape, SIGMA)
    sets = {}
    for part, most in (("train", 1_000), ("test", 10_000)):
        images = from_levels(data.split(part).images[:most], 256)
        sets[part] = images, noise.degrade(images, torch.Generator().manual_seed(0)).numpy()

    def psnr(part, apply, parameter):
        images, observed = sets[part]
        return image_errors(torch.from_numpy(apply(observed, parameter)).float(), images)["psnr"]

    for name, (apply, parameters) in FILTERS.items():
        best = max(parameters, key=lambda p: psnr("train", apply, p))
        print(f"{name}, parameter {best}: {psnr('test', apply, best):.2f} dB")


if __name__ == "__main__":
    main()
