"""Data sets from a file of NumPy arrays."""

import logging
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from PIL import Image
from pytorch_lightning.utilities.rank_zero import rank_zero_only
from torch import Tensor

from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.array_file import ArrayFile
from genzoo.data.classes import Label
from genzoo.data.decoding import decode
from genzoo.data.layout import SPLIT_NAMES
from genzoo.data.levels import check_images, to_eight_bits, white_of
from genzoo.data.own import OwnImages
from genzoo.data.pixels import DARK

log = logging.getLogger("genzoo")


@register
class Arrays(OwnImages):
    """Images (N, H, W) or (N, H, W, C) of a .npz or .npy file.

    A .npz file holds ``images`` and, optionally, ``labels``: integers or names, -1 = unknown. Splits of its own are
    ``<split>_images`` and ``<split>_labels``, such as ``train_images``, ``val_images`` and ``test_images``; without
    ``train_images``, ``images`` are the training images. See ``genzoo.data.levels`` for the accepted values of pixels.

    Args:
        file: the file.
        options: settings of ``OwnImages``.

    Raises:
        GenzooError: the file is missing, damaged or lacks arrays, their shapes, types or lengths do not fit, or a
            setting is out of range; from ``load``: values of pixels are out of range.

    Example:
        >>> Arrays("nowhere.npz")
        Traceback (most recent call last):
        genzoo.core.errors.GenzooError: data.file=nowhere.npz: there is no such file; give a .npz or .npy file.
    """

    name = "arrays"
    source = "arrays"

    def __init__(self, file: str | Path, **options: Any):
        self.file = Path(file).expanduser()
        self.place = f"data.file={self.file}"
        arrays = ArrayFile(self.file)
        self.keys = _keys(arrays)
        labels = {split: self._labels(arrays, key) for split, key in self.keys.items()}
        super().__init__(labels, **options)

    def read(self, part: str, rows: Tensor) -> Tensor:
        """Reads images of a part; the array of a .npz file is in memory as a whole meanwhile."""
        key = self.keys[part]
        images = ArrayFile(self.file).read(key)
        white = white_of(images, f"{self.place}: {key}")

        def picture(row: int) -> Image.Image:
            levels = to_eight_bits(images[row], white)
            found = Image.fromarray(levels[..., 0] if levels.shape[2:] == (1,) else levels)
            return self.square(found, f"{self.place}: an image of {key}")

        levels, failures = decode(rows.tolist(), picture, self.spec.size, self.spec.channels)
        if failures:
            row, why = next(iter(failures.items()))
            raise GenzooError(f"{self.place}: {key}[{row}] cannot be converted ({why}); correct it.")
        if len(levels) and (brightest := int(levels.max())) < DARK:
            rank_zero_only(log.warning)(
                f"{self.place}: nearly black: the largest level of {key} is {brightest} of 255."
            )
        return levels

    def _labels(self, arrays: ArrayFile, key: str) -> list[Label]:
        """Returns the labels of an array of images; checks that they fit to it."""
        shape, dtype = arrays.header(key)
        check_images(shape, dtype, f"{self.place}: {key}")
        name = key.removesuffix("images") + "labels"
        if name not in arrays.keys:
            return [None] * shape[0]
        labels: NDArray = arrays.read(name)
        if labels.shape == (shape[0], 1):
            labels = labels[:, 0]
        if labels.shape != (shape[0],):
            raise GenzooError(
                f"{self.place}: {name} has the shape {labels.shape}, but {key} are {shape[0]} images; save one label "
                "per image."
            )
        if labels.dtype.kind not in "uiU":
            raise GenzooError(f"{self.place}: {name} is of type {labels.dtype}; save integers or names of classes.")
        if labels.dtype.kind == "i" and len(labels) and labels.min() < -1:
            raise GenzooError(f"{self.place}: {name} has the label {labels.min()}; -1 is unknown, others start at 0.")
        return labels.tolist()


def _keys(arrays: ArrayFile) -> dict[str, str]:
    """Returns split -> name of its array of images."""
    names = {"images": "train"} | {f"{name}_images": split for name, split in SPLIT_NAMES.items()}
    found: dict[str, list[str]] = {}
    for key in arrays.keys:
        if key in names:
            found.setdefault(names[key], []).append(key)
    place = f"data.file={arrays.path}"
    if "train" not in found:
        raise GenzooError(
            f"{place}: it has no array images (nor train_images), but {arrays.listing()}; save it with "
            "numpy.savez(file, images=..., labels=...)."
        )
    for split, keys in found.items():
        if len(keys) > 1:
            raise GenzooError(f"{place}: {' and '.join(keys)} are both {split} images; keep one of them.")
    return {split: key for split, (key,) in found.items()}
