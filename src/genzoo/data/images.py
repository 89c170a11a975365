"""Any folder of images."""

import hashlib
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image, ImageOps
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.decoding import decode, mode_of, tell_failures
from genzoo.data.facts import check_facts
from genzoo.data.module import SPLITS, ImageData, split_of

EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".ppm", ".tif", ".tiff")

log = logging.getLogger("genzoo")


@register
class ImageFolder(ImageData):
    """A folder of images of any size, in folders of any depth: the middle square of each, resized.

    If all images lie in subfolders, two or more, these are the classes, sorted by name; else labels are -1. The
    split of an image depends on names alone, not on the machine. Hidden files are passed over.

    Args:
        root: the folder.
        size: height and width in pixels that images are resized to.
        channels: 3, or 1 for grey.
        classes: number of classes, to be checked; None = what the folder says.
        validation_fraction, test_fraction: of the images, in [0, 1); one image at least is left to train on.
        skip_broken: go on without files that cannot be read.
        options: of ``ImageData``, and what the configuration states of the set (levels), which is checked.

    Raises:
        GenzooError: the folder is missing or has no images, a setting is out of range; in ``load``, files are
            broken.

    Example:
        >>> ImageFolder("nowhere", size=64)
        Traceback (most recent call last):
        genzoo.core.errors.GenzooError: data.root=nowhere: there is no such folder; give a folder of images.
    """

    name = "images"
    source = "folder"
    facts: ClassVar[dict[str, int]] = {"levels": 256}

    def __init__(
        self,
        root: str | Path,
        size: int = 64,
        channels: int = 3,
        classes: int | None = None,
        validation_fraction: float = 0.05,
        test_fraction: float = 0.05,
        skip_broken: bool = False,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        for key, value in (("validation_fraction", validation_fraction), ("test_fraction", test_fraction)):
            if not isinstance(value, int | float) or not 0 <= value < 1:
                raise GenzooError(f"data.{key}={value}: a number from 0 to below 1 is needed.")
        if validation_fraction + test_fraction >= 1:
            raise GenzooError(
                f"data.validation_fraction={validation_fraction} and data.test_fraction={test_fraction} "
                "leave nothing to train on; choose fractions whose sum is below 1."
            )
        self.root = Path(root).expanduser()
        self.paths = _list_images(self.root)
        self.class_names = _classes(self.paths)
        if classes is not None and classes != len(self.class_names):
            raise GenzooError(
                f"data.classes={classes}: {self.root} has {len(self.class_names)} (its subfolders, if all "
                "images lie in two or more of them); remove the setting or sort the images into subfolders."
            )
        super().__init__(size, channels, classes=len(self.class_names), **options)
        self.validation_fraction, self.test_fraction = validation_fraction, test_fraction
        self.skip_broken = skip_broken

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the images and splits them."""
        paths = self.ordered()
        images, failures = decode(paths, self.read, self.spec.size, self.spec.channels)
        if failures:
            self.tell_broken(failures, len(paths))
            good = torch.tensor([path not in failures for path in paths])
            images, paths = images[good], [path for path in paths if path not in failures]
        labels, parts = torch.tensor(self.labels(paths), dtype=torch.long), self.parts(len(paths))
        return {
            split: split_of(*both)
            for split, *both in zip(SPLITS, images.split(parts), labels.split(parts), strict=True)
        }

    def ordered(self) -> list[Path]:
        """The paths in the order of their names' hashes, which is as good as random: any part is a fair sample."""
        return sorted(self.paths, key=lambda path: hashlib.md5(path.as_posix().encode("utf-8", "replace")).digest())

    def labels(self, paths: Sequence[Path]) -> list[int]:
        """The class of each path; -1 where there are no classes."""
        known = {name: i for i, name in enumerate(self.class_names)}
        return [known.get(path.parts[0], -1) for path in paths]

    def parts(self, n: int) -> tuple[int, int, int]:
        """How many of ``n`` ordered images are for training, validation and test, in this order."""
        spare = max(n - 1, 0)  # one at least to train on
        n_test = min(round(self.test_fraction * n), spare)
        n_validation = min(round(self.validation_fraction * n), spare - n_test)
        return n - n_test - n_validation, n_validation, n_test

    def read(self, path: Path) -> Image.Image:
        """The upright middle square of an image, resized."""
        with Image.open(self.root / path) as image:
            upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I;16"):  # convert() would clip its levels at 255
            upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
        elif upright.mode in ("I", "F"):
            raise ValueError("pixels of 32 bits have no known range")
        upright = upright.convert(mode_of(self.spec.channels))
        return ImageOps.fit(upright, (self.spec.size, self.spec.size), Image.Resampling.LANCZOS)

    def tell_broken(self, failures: dict[Path, str], of: int) -> None:
        """Warns of files that cannot be read, among ``of`` that were tried.

        Raises:
            GenzooError: they are not to be skipped.
        """
        message = f"data.root={self.root}: {tell_failures(failures, of)}"
        if not self.skip_broken:
            raise GenzooError(f"{message}. Delete them, or set data.skip_broken=true to go on without them.")
        rank_zero_only(log.warning)(f"{message}. Going on without them (data.skip_broken=true).")


def _list_images(root: Path) -> list[Path]:
    """Images under a folder, relative to it, sorted."""
    if not root.is_dir():
        raise GenzooError(f"data.root={root}: there is no such folder; give a folder of images.")
    found = []
    for folder, subfolders, files in os.walk(root, followlinks=True):
        subfolders[:] = [name for name in subfolders if not name.startswith((".", "__"))]
        found += [
            (Path(folder) / name).relative_to(root)
            for name in files
            if name.lower().endswith(EXTENSIONS) and not name.startswith(".")
        ]
    if not found:
        empty = "is empty" if not any(root.iterdir()) else "holds no images"
        raise GenzooError(f"data.root={root}: the folder {empty}; images end in {' '.join(EXTENSIONS)}.")
    return sorted(found)


def _classes(paths: list[Path]) -> list[str]:
    """Names of the subfolders, if all images lie in two or more; else none."""
    names = {path.parts[0] if len(path.parts) > 1 else None for path in paths}
    return sorted(name for name in names if name) if None not in names and len(names) > 1 else []
