"""CelebA: faces with attributes."""

import hashlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image
from pytorch_lightning.utilities.rank_zero import rank_zero_only
from torch import Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.errors import GenzooError
from genzoo.core.files import atomic_write
from genzoo.core.registry import register
from genzoo.data.celeba_lists import HOME, NAMES, read_attributes, read_partition
from genzoo.data.decoding import decode, describe_failures, mode_of
from genzoo.data.facts import check_facts
from genzoo.data.files import damaged
from genzoo.data.module import SPLITS, ImageData, split_of

IMAGES, ATTRIBUTES, PARTITION = "img_align_celeba", "list_attr_celeba.txt", "list_eval_partition.txt"
WIDTH, HEIGHT = 178, 218  # size of an aligned image, in pixels

log = logging.getLogger("genzoo")


@register
class CelebA(ImageData):
    """CelebA: 202,599 aligned faces with 40 attributes as factors, 1 = present; no classes; the official partition.

    Files are read where torchvision keeps them: ``<root>/celeba/img_align_celeba/*.jpg`` with ``list_attr_celeba.txt``
    and ``list_eval_partition.txt`` beside it. The decoded images are cached in the same folder as
    ``decoded-<hash of settings and files>.npy``, if the folder is writable; these files may be deleted.

    Nothing is downloaded. If these files are missing but ``<root>/celeba-64`` exists (faces cropped and resized to
    64 x 64, ``<number>.png``, and ``attributes.npz``, whose row n-1 belongs to face n), it is used as a substitute: the
    last tenth by position is for validation and test, ``crop`` has no effect, and ``source`` is ``"celeba-64"``.

    Args:
        root: folder of data sets.
        size: height and width in pixels to which the crop is resized, bilinearly.
        channels: 3, or 1 for grey.
        crop: height and width in pixels of the central square that is cropped, 1 to 178.
        options: settings of ``ImageData``, and facts that the configuration states (levels, classes), which are
            checked.

    Raises:
        GenzooError: a setting is out of range; from ``load``: files are missing or damaged.

    Source: Z. Liu, P. Luo, X. Wang, X. Tang, "Deep learning face attributes in the wild", ICCV 2015.

    Example:
        >>> spec = CelebA("data").spec
        >>> spec.size, spec.channels, spec.factors[20]
        (64, 3, 'Male')
    """

    name = "celeba"
    facts: ClassVar[dict[str, int]] = {"levels": 256, "classes": 0}

    def __init__(
        self,
        root: str | Path,
        size: int = 64,
        channels: int = 3,
        crop: int = 108,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        if not isinstance(crop, int) or not 1 <= crop <= WIDTH:
            raise GenzooError(f"data.crop={crop}: an integer from 1 to {WIDTH} is needed, such as 108, 148 or 178.")
        super().__init__(size, channels, factors=NAMES, **options)
        self.root, self.crop = Path(root).expanduser(), crop
        self.folder = self.root / "celeba"

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the splits."""
        missing = [name for name in (IMAGES, ATTRIBUTES, PARTITION) if not (self.folder / name).exists()]
        if len(missing) == 3 and self._small().is_dir():
            return self._stand_in()
        if missing:
            raise GenzooError(
                f"data=celeba: {', '.join(missing)}: not in {self.folder}, and genzoo does not download them. Get "
                f"the aligned images, attributes and partition at {HOME} and put them there (img_align_celeba.zip "
                "unpacked), or set GENZOO_DATA to a folder that has them."
            )
        files, parts = read_partition(self.folder / PARTITION)
        factors = read_attributes(self.folder / ATTRIBUTES, files)
        return _cut(self._images(files), factors, parts)

    def _images(self, files: Sequence[str]) -> Tensor:
        """Returns the images of the files, from the cache or decoded."""
        with os.scandir(self.folder / IMAGES) as entries:
            sizes = {entry.name: entry.stat().st_size for entry in entries}
        absent = [file for file in files if file not in sizes]
        if absent:
            raise GenzooError(
                f"data=celeba: {len(absent)} of {len(files)} images that {PARTITION} names are not in "
                f"{self.folder / IMAGES}, such as {absent[0]}; unpack img_align_celeba.zip there again."
            )
        shape = (len(files), self.spec.channels, self.spec.size, self.spec.size)
        decisive = json.dumps([shape, self.crop, "bilinear", [(file, sizes[file]) for file in files]])
        kept = self.folder / f"decoded-{hashlib.sha256(decisive.encode()).hexdigest()[:16]}.npy"
        try:
            found = np.load(kept, mmap_mode="c")  # ranks of one machine share its memory
            if (found.dtype, found.shape) == (np.uint8, shape):
                return torch.from_numpy(found)
        except (OSError, ValueError, EOFError):  # missing or truncated
            pass
        log.info("Decoding %s images of CelebA, once; this takes some minutes", f"{len(files):,}")
        images, failures = decode(
            [self.folder / IMAGES / file for file in files], self._read, self.spec.size, self.spec.channels
        )
        if failures:
            raise GenzooError(
                f"data=celeba: {describe_failures(failures, len(files))}. Unpack img_align_celeba.zip there again."
            )
        try:
            with atomic_write(kept) as partial, partial.open("wb") as file:
                np.save(file, images.numpy())
        except GenzooError as error:
            rank_zero_only(log.warning)(
                f"data=celeba: the decoded images cannot be stored in {self.folder} ({error.__cause__}), so each run "
                "decodes them again."
            )
        return images

    def _read(self, path: Path) -> Image.Image:
        """Returns the central square of an aligned image, resized."""
        with Image.open(path) as image:
            if image.size != (WIDTH, HEIGHT):
                raise ValueError(f"it is {image.width} x {image.height} pixels, not {WIDTH} x {HEIGHT}")
            left, top = round((WIDTH - self.crop) / 2), round((HEIGHT - self.crop) / 2)
            square = image.convert(mode_of(self.spec.channels)).crop((left, top, left + self.crop, top + self.crop))
        return self._resized(square)

    def _resized(self, image: Image.Image) -> Image.Image:
        return image.resize((self.spec.size, self.spec.size), Image.Resampling.BILINEAR)

    def _small(self) -> Path:
        return self.root / "celeba-64"

    def _stand_in(self) -> Mapping[str, ImageSet]:
        paths = sorted(self._small().glob("*.png"))
        images, failures = decode(paths, self._read_small, self.spec.size, self.spec.channels)
        if failures:
            raise GenzooError(f"data=celeba: {describe_failures(failures, len(paths))}. Replace them.")
        path = self._small() / "attributes.npz"
        try:
            with np.load(path) as stored:
                names, rows = tuple(stored["attribute_names"].tolist()), stored["attributes"]
            if names != NAMES:
                raise ValueError("its attribute_names are not the 40 attributes in their order")
            factors = torch.from_numpy(rows[np.array([int(file.stem) - 1 for file in paths], int)]).float()
        except Exception as error:  # damaged zip files and arrays raise many types of errors
            raise damaged(path, error, "replace it") from error
        held = len(paths) // 10
        parts = [len(paths) - held, held // 2, held - held // 2]
        rank_zero_only(log.warning)(
            f"data=celeba: NOT CELEBA'S IMAGES AND PARTITION but the {len(paths):,} small faces in {self._small()} "
            f"({parts[0]:,} train, {parts[1]:,} validation, {parts[2]:,} test by position; data.crop does not apply): "
            f"there are no official files in {self.folder}. Its numbers are "
            f"not comparable with the literature. Get them at {HOME}."
        )
        self.source = "celeba-64"
        return _cut(images, factors, parts)

    def _read_small(self, path: Path) -> Image.Image:
        with Image.open(path) as image:
            return self._resized(image.convert(mode_of(self.spec.channels)))


def _cut(images: Tensor, factors: Tensor, parts: Sequence[int]) -> dict[str, ImageSet]:
    cut = zip(SPLITS, images.split(parts), factors.split(parts), strict=True)
    return {split: split_of(some, factors=theirs) for split, some, theirs in cut}
