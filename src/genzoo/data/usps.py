"""USPS: digits of the United States Postal Service."""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch.nn import functional as F

from genzoo.core.batches import ImageSet
from genzoo.core.checks import check_integer
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.facts import check_facts
from genzoo.data.files import one_line
from genzoo.data.module import ImageData, split_of

FILES: Mapping[str, tuple[str, int]] = {"train": ("zip.train.gz", 7291), "test": ("zip.test.gz", 2007)}  # -> images
SIDE, PADDING = 16, 3  # pixels


@register
class USPS(ImageData):
    """7,291 training and 2,007 test digits of 16 x 16 pixels; the last training images are for validation.

    For another size, images get a border of three black pixels and are resized bilinearly, as for CoGAN's adaptation.

    Args:
        root: folder of data sets; files are in <root>/usps.
        size: height and width in pixels; 16 = unchanged.
        train_size: number of training images; the rest of 7,291 is for validation.
        options: of ``ImageData``.

    Raises:
        GenzooError: the training images are too many; in ``setup``, a file is missing or damaged.

    Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, data: "zip.info"; padding:
        mingyuliutw/CoGAN, cogan_pytorch/src/dataset_usps.py.
    """

    name = "usps"
    facts: ClassVar[dict[str, int]] = {"channels": 1, "levels": 256, "classes": 10}

    def __init__(self, root: str | Path, size: int = 28, train_size: int = 7291, **options: Any):
        check_integer("data.train_size", train_size, 1, FILES["train"][1])
        super().__init__(size, **check_facts(self.name, self.facts, options))
        self.folder, self.train_size = Path(root).expanduser() / "usps", train_size

    def load(self) -> Mapping[str, ImageSet]:
        """Reads both files."""
        train, test = self._read("train"), self._read("test")
        n = self.train_size
        return {"train": train.at(slice(n)), "validation": train.at(slice(n, None)), "test": test}

    def _read(self, part: str) -> ImageSet:
        name, n = FILES[part]
        path = self.folder / name
        if not path.is_file():
            raise GenzooError(
                f"data=usps: {path} is missing; put zip.train.gz and zip.test.gz of "
                "https://hastie.su.domains/ElemStatLearn/data.html there, or set GENZOO_DATA."
            )
        try:
            with gzip.open(path, "rt") as lines:
                rows = np.array([line.split() for line in lines], float)
        except (OSError, EOFError, ValueError) as error:
            raise GenzooError(f"data=usps: {path} cannot be read ({one_line(error)}); download it again.") from error
        if rows.shape != (n, 1 + SIDE**2) or not abs(rows[:, 1:]).max() <= 1:
            raise GenzooError(
                f"data=usps: {path} has {rows.shape} numbers, but {(n, 1 + SIDE**2)} are needed: in each row a label "
                "and levels from -1 to 1; download it again."
            )
        images = torch.from_numpy((rows[:, 1:] + 1) * 127.5).view(n, 1, SIDE, SIDE)
        if self.spec.size != SIDE:
            padded = F.pad(images, (PADDING,) * 4)
            images = F.interpolate(padded, (self.spec.size,) * 2, mode="bilinear", align_corners=False)
        return split_of(images.round().to(torch.uint8), torch.from_numpy(rows[:, 0]).long())
