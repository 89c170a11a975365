"""Errors of images against the images that they should be."""

from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from genzoo.core.images import to_unit

WINDOW = 11  # pixels of the similarity's window


def image_errors(found: Tensor, wanted: Tensor) -> dict[str, float]:
    """Means over images of the absolute error, the peak signal-to-noise ratio in dB, and the structural similarity.

    All are of values in [0, 1]; the ratio is computed per image; the similarity has Gaussian windows of 11 pixels, and
    is left out of smaller images.

    Args:
        found, wanted: (N, C, H, W) in [-1, 1]; values of ``found`` outside are clamped.

    Returns:
        ``l1``, ``psnr``, ``ssim``.

    Source: Wang et al. 2004 (structural similarity), as in torchmetrics.

    Example:
        >>> import torch
        >>> black = -torch.ones(1, 1, 16, 16)
        >>> {name: round(value, 2) for name, value in image_errors(black + 2 / 255, black).items()}  # one level
        {'l1': 0.0, 'psnr': 48.13, 'ssim': 0.87}
    """
    found, wanted = to_unit(found.clamp(-1, 1)), to_unit(wanted)
    psnr = peak_signal_noise_ratio(found, wanted, data_range=1.0, dim=(1, 2, 3))
    errors = {"l1": (found - wanted).abs().mean().item(), "psnr": psnr.item()}
    if min(found.shape[2:]) < WINDOW:
        return errors
    return errors | {"ssim": structural_similarity_index_measure(found, wanted, data_range=1.0).item()}
