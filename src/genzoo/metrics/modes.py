"""Coverage of the modes of a known mixture."""

from typing import Protocol, runtime_checkable

import matplotlib
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter
from torch import Tensor

from genzoo.core.capabilities import Samples
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import ImageData
from genzoo.metrics.evaluation import Evaluation

BINS = 120  # bins per side of the picture
ZOOM = 3  # pixels per bin


@runtime_checkable
class Mixture(Protocol):
    """Data with known modes. All lengths are in the source's units; models are trained on points / ``extent``."""

    centres: Tensor  #: (K, 2)
    std: float
    extent: float


@register
class Modes:
    """Counts the modes that samples reach.

    A sample is of high quality if it lies within three standard deviations of the nearest centre. A mode is covered if
    its centre is the nearest one to at least one sample of high quality.

    Args:
        samples: number of points drawn.
        seed: seed of the samples.

    Source: Srivastava et al. 2017 (VEEGAN), arXiv 1705.07761, section 4.1; the reverse KL divergence as in Lin et al.
    2018 (PacGAN), arXiv 1712.04086, section 4.1.
    """

    needs = frozenset({Samples})

    def __init__(self, samples: int = 2500, seed: int = 0):
        self.samples, self.seed = samples, seed

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``modes_covered``, ``high_quality``, ``modes_reverse_kl`` in nats, and the picture ``density``.

        ``high_quality`` is a fraction of the samples; ``modes_reverse_kl`` is KL(model || uniform) over the modes, with
        each sample assigned to its nearest mode. Empty for data without known modes.
        """
        if not isinstance(data, Mixture):
            return Evaluation()
        images = module.sample(self.samples, generator=generator(self.seed, "modes"))
        points = images.cpu().flatten(1) * data.extent
        real = data.evaluation_images(split, self.samples).images.flatten(1) * data.extent
        protocol = {"samples": self.samples, "seed": self.seed, "modes": len(data.centres), "within_std": 3}
        return Evaluation(reached(points, data), {"density": density_picture(real, points, data.extent)}, protocol)


def reached(points: Tensor, data: Mixture) -> dict[str, float]:
    """``modes_covered``, ``high_quality`` and ``modes_reverse_kl`` of points (N, 2) in the source's units."""
    distance, nearest = torch.cdist(points, data.centres).min(1)
    good = distance <= 3 * data.std
    share = nearest.bincount(minlength=len(data.centres)) / len(points)
    return {
        "modes_covered": len(nearest[good].unique()),
        "high_quality": good.float().mean().item(),
        "modes_reverse_kl": torch.special.xlogy(share, share * len(data.centres)).sum().item(),
    }


def density_picture(real: Tensor, generated: Tensor, extent: float) -> Image.Image:
    """Draws the densities of real and generated points side by side, with one colour scale; y points up.

    The colour is proportional to the square root of the density, from 0 to the maximum of the real points.

    Args:
        real, generated: points (N, 2).
        extent: both axes range from -extent to extent.
    """
    densities = [_density(points.numpy(), extent) for points in (real, generated)]
    top = densities[0].max() or 1.0
    side, gap, head, foot = BINS * ZOOM, 12, 26, 24
    sheet = Image.new("RGB", (2 * side + 3 * gap, head + side + foot), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=15)
    for i, (name, density) in enumerate(zip(("data", "model"), densities, strict=True)):
        colours = matplotlib.colormaps["magma"](np.sqrt(density / top).clip(0, 1), bytes=True)[..., :3]
        panel = Image.fromarray(np.ascontiguousarray(colours)).resize((side, side), Image.Resampling.NEAREST)
        left = gap + i * (side + gap)
        sheet.paste(panel, (left, head))
        pen.text((left + side / 2, head / 2), name, fill="black", anchor="mm", font=font)
    caption = f"both axes from {-extent:g} to {extent:g}"
    pen.text((sheet.width / 2, head + side + foot / 2), caption, fill="black", anchor="mm", font=font)
    return sheet


def _density(points: np.ndarray, extent: float) -> np.ndarray:
    """Returns a kernel density estimate on the picture's bins, first row at the top; the kernel's σ is one bin."""
    counts, _, _ = np.histogram2d(*points.T, bins=BINS, range=[[-extent, extent]] * 2)
    return gaussian_filter(counts.T[::-1] / max(len(points), 1), sigma=1)
