"""Whole photographs of test sets, restored from their reductions."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure
from torchvision.transforms.functional import center_crop, pil_to_tensor

from genzoo.core.capabilities import Restores
from genzoo.core.checks import check_integer, check_positive
from genzoo.core.errors import GenzooError
from genzoo.core.images import bicubic, from_levels, luma, to_levels, to_unit
from genzoo.core.pictures import picture
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.listing import list_images
from genzoo.data.module import ImageData
from genzoo.data.pixels import read_picture
from genzoo.metrics.evaluation import Evaluation

WITHIN = slice(5, -5)  # the pixels whose window of 11 pixels lies within the image
ROWS = ("nearest", "bicubic", "restored")  #: what is compared with the photograph


@register
class SuperResolution:
    """Errors of photographs of any size that are restored from their reductions, beside those of interpolations.

    Of each photograph, the upper left part whose sides are multiples of the factor is reduced by the model, restored by
    it, and enlarged by bicubic interpolation and by repetition of pixels. Errors are those of the luma of 8-bit colours
    without a border; values are means over the photographs of a set.

    Args:
        folders: folders of photographs, the test sets, whose names are the folders'.
        factor: ratio of the sides of photographs and reductions.
        border: number of pixels on each side that are left out.
        columns: number of photographs in the pictures, the first ones.

    Raises:
        GenzooError: a number is out of range; when called: a folder is missing or has no images, or the model reduces
            by another factor.

    Source: SRGAN (Ledig et al. 2017, arXiv 1609.04802), section 3.1. On Set5, enlarged by 4, bicubic interpolation has
        28.43 dB and repeated pixels 26.26 dB: measured here; table 2 has the same (unverified).
    """

    needs = frozenset({Restores})

    def __init__(self, folders: Sequence[str], factor: int = 4, border: int = 4, columns: int = 5):
        check_positive("metrics.super_resolution.factor", factor)
        check_integer("metrics.super_resolution.border", border, 0)
        check_positive("metrics.super_resolution.columns", columns)
        self.folders = [Path(folder) for folder in folders]
        self.factor, self.border, self.columns = factor, border, columns

    def __call__(self, module: RoundModule, data: ImageData, split: str) -> Evaluation:
        """Returns ``psnr_<set>`` in dB, ``ssim_<set>``, the same with ``_bicubic`` and ``_nearest``, and pictures."""
        sets = [(folder, list_images(folder, "metrics.super_resolution.folders").paths) for folder in self.folders]
        whole = Evaluation()
        for folder, paths in sets:
            name, found, shown = folder.name, [], []
            for original in self.photographs([folder / path for path in paths]):
                enlarged = self.enlarged(module, original)
                found.append(torch.stack([self.errors(image, original) for image in enlarged]))
                shown.append(torch.cat([*enlarged, original]))
            psnr, ssim = torch.stack(found).mean(0).T
            values = {}
            for row, *errors in zip(ROWS, psnr, ssim, strict=True):
                suffix = "" if row == "restored" else f"_{row}"
                values |= {f"{e}_{name}{suffix}": v.item() for e, v in zip(("psnr", "ssim"), errors, strict=True)}
            side = min(min(images.shape[2:]) for images in shown[: self.columns])
            columns = torch.stack([center_crop(images, [side, side]) for images in shown[: self.columns]], 1)
            sheet = picture(columns.flatten(0, 1), columns.shape[1], [*ROWS, "original"])
            protocol = {f"images_{name}": len(paths)}
            whole = whole.merge(Evaluation(values, {f"super_resolution_{name}": sheet}, protocol))
        return whole.merge(Evaluation(protocol={"border": self.border, "batch_norm": module.batch_norm}))

    def photographs(self, paths: Sequence[Path]) -> Iterator[Tensor]:
        """Photographs (1, 3, H, W) in [-1, 1], whose sides are multiples of the factor."""
        for path in paths:
            levels = pil_to_tensor(read_picture(path, "RGB")[0])[None]
            height, width = (side - side % self.factor for side in levels.shape[2:])
            yield from_levels(levels[..., :height, :width])

    def enlarged(self, module: RoundModule, original: Tensor) -> list[Tensor]:
        """The photograph's reduction, enlarged in each way of ``ROWS``.

        Raises:
            GenzooError: the model reduces by another factor.
        """
        reduced = module.degrade(original.to(module.device), generator(0, "super_resolution")).cpu()
        size = (original.shape[2], original.shape[3])
        if tuple(self.factor * side for side in reduced.shape[2:]) != size:
            raise GenzooError(
                f"metrics.super_resolution.factor={self.factor}: of a photograph of (height, width) {size}, this model "
                f"observes {tuple(reduced.shape[2:])}; set the factor to that of the model's pairs."
            )
        return [F.interpolate(reduced, size), bicubic(reduced, size), module.restore(reduced.to(module.device)).cpu()]

    def errors(self, image: Tensor, original: Tensor) -> Tensor:
        """Peak signal-to-noise ratio in dB and structural similarity of two images (1, 3, H, W).

        Source: Wang et al. 2004 (structural similarity); as in their code, of windows that lie within the image.
        """
        inside = slice(self.border, -self.border or None)
        found, wanted = (bt601(from_levels(to_levels(x)))[..., inside, inside] for x in (image, original))
        psnr = peak_signal_noise_ratio(found, wanted, data_range=255.0)
        _, ssim = structural_similarity_index_measure(found, wanted, data_range=255.0, return_full_image=True)
        return torch.stack([psnr, ssim[..., WITHIN, WITHIN].mean()])


def bt601(images: Tensor) -> Tensor:
    """The luma (B, 1, H, W), from 16 to 235, of images (B, 3, H, W) in [-1, 1].

    Source: ITU-R BT.601: 16 + 65.481 R + 128.553 G + 24.966 B of colours in [0, 1].
    """
    return 16 + 219 * luma(to_unit(images))
