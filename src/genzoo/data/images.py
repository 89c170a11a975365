"""Data sets from any folder of images."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import torch
from PIL import Image
from pytorch_lightning.utilities.rank_zero import rank_zero_only
from torch import Generator, Tensor

from genzoo.core.batches import ImageSet
from genzoo.core.checks import check_integer
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.data.decoding import decode, describe_failures, mode_of
from genzoo.data.facts import check_facts
from genzoo.data.fitting import Fit
from genzoo.data.jitter import random_squares
from genzoo.data.layout import read_layout
from genzoo.data.listing import list_images
from genzoo.data.module import SPLITS, ImageData, split_of
from genzoo.data.own import described
from genzoo.data.pixels import Seen, check_range, check_white, describe_losses, read_picture

log = logging.getLogger("genzoo")


@register
class ImageFolder(ImageData):
    """A folder of images of any size and depth; of each image, the central square is resized, unless ``fit`` differs.

    Subfolders called train, val, test are splits (``genzoo.data.layout``). A missing split is taken from ``train``, by
    hashes of file names, so it is the same on every machine. Other subfolders, or those inside of the splits, are the
    classes, sorted by name, if all images lie in two or more of them; else labels are -1. See ``genzoo.data.pixels``
    for the conversion of pixels.

    Args:
        root: the folder.
        size: height and width in pixels.
        resized: height and width to which images are resized; if they are larger than ``size``, the data are squares of
            ``size`` pixels at random places of these, anew each time in training. None = ``size``.
        channels: 3, or 1 for grey.
        classes: expected number of classes; None = the number found in the folder.
        fit: how an image becomes a square (``genzoo.data.fitting``).
        validation_fraction, test_fraction: fraction of the training images, in [0, 1), for a split that the folder
            lacks; at least one image is left for training.
        white: level of white in grey images of more than 8 bits; None = 65535 for 16 bits, other depths are refused.
        skip_broken: skip files that cannot be read.
        options: settings of ``ImageData``, and facts that the configuration states (levels), which are checked.

    Raises:
        GenzooError: the folder is missing or has no images, its subfolders are ambiguous, a setting is out of range;
            in ``load``, files are broken, or their levels do not use the range of 16 bits.

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
        white: float | None = None,
        skip_broken: bool = False,
        fit: str | None = "crop",
        resized: int | None = None,
        **options: Any,
    ):
        options = check_facts(self.name, self.facts, options)
        for key, value in (("validation_fraction", validation_fraction), ("test_fraction", test_fraction)):
            if not isinstance(value, int | float) or not 0 <= value < 1:
                raise GenzooError(f"data.{key}={value}: expected a number from 0 to below 1.")
        if validation_fraction + test_fraction >= 1:
            raise GenzooError(
                f"data.validation_fraction={validation_fraction} and data.test_fraction={test_fraction} "
                "leave no training images; choose fractions whose sum is below 1."
            )
        check_white(white)
        self.root = Path(root).expanduser()
        paths, self.left_out = list_images(self.root)
        self.own_splits, self.classes = read_layout(self.root, paths)
        self.class_names = sorted(set(self.classes.values()))
        if classes is not None and classes != len(self.class_names):
            raise GenzooError(
                f"data.classes={classes}: {self.root} has {len(self.class_names)} (its subfolders, if all "
                "images lie in two or more of them); remove the setting or sort the images into subfolders."
            )
        super().__init__(size, channels, classes=len(self.class_names), **options)
        self.validation_fraction, self.test_fraction = validation_fraction, test_fraction
        self.white, self.skip_broken = white, skip_broken
        self.resized = size if resized is None else check_integer("data.resized", resized, size)
        self.fitting = Fit(self.resized, fit)

    @property
    def stored_extent(self) -> tuple[int, ...]:
        """Height and width to which images are resized."""
        return self.resized, self.resized

    @property
    def augments(self) -> bool:
        """Whether squares are cut out of the images."""
        return self.resized != self.spec.size

    def augment(self, levels: Tensor, generator: Generator) -> Tensor:
        """Squares at random places."""
        return random_squares(levels, self.spec.size, generator) if self.augments else levels

    def load(self) -> Mapping[str, ImageSet]:
        """Reads the images of each split."""
        seen: list[Seen] = []
        found = {split: (paths, *self.decode(paths, seen)) for split, paths in self.paths().items()}
        failures = {path: why for *_, failed in found.values() for path, why in failed.items()}
        if failures:
            self.warn_of_broken(failures, sum(len(paths) for paths, *_ in found.values()))
        self.warn_of_losses(seen)
        splits = {}
        for split, (paths, images, failed) in found.items():
            if failed:
                images = images[torch.tensor([path not in failed for path in paths])]
            labels = self.labels([path for path in paths if path not in failed])
            splits[split] = split_of(images, torch.tensor(labels, dtype=torch.long))
        return splits

    def paths(self) -> dict[str, list[Path]]:
        """Split -> its images, in the order of ``all_splits``."""
        return all_splits(self.own_splits, self.validation_fraction, self.test_fraction)

    def decode(self, paths: Sequence[Path], seen: list[Seen]) -> tuple[Tensor, dict[Path, str]]:
        """Decodes files, as ``genzoo.data.decoding.decode``; appends facts of each file to ``seen``."""
        return decode(paths, partial(self._read, seen=seen), self.resized, self.spec.channels)

    def labels(self, paths: Sequence[Path]) -> list[int]:
        """Returns the class of each path; -1 if there are no classes."""
        known = {name: i for i, name in enumerate(self.class_names)}
        return [known[self.classes[path]] if self.classes else -1 for path in paths]

    def describe(self) -> str:
        """Returns one line with the number of images per split, the origin of the splits, and the classes."""
        own = " (splits of the folder)" if len(self.own_splits) > 1 else ""
        return described({split: self.count(split) for split in SPLITS}, own, self.class_names)

    def warn_of_losses(self, seen: Sequence[Seen]) -> None:
        """Logs one warning about skipped files and one about information that the conversion of pixels loses.

        Raises:
            GenzooError: levels of files of 16 bits do not use that range.
        """
        check_range(seen, self.white)
        left_out = [f"{path} ({why})" for why, paths in self.left_out.items() for path in paths]
        if left_out:
            more = f"; and {len(left_out) - 5} more" if len(left_out) > 5 else ""
            rank_zero_only(log.warning)(f"data.root={self.root}: left out: {'; '.join(left_out[:5])}{more}.")
        if line := describe_losses(seen):
            rank_zero_only(log.warning)(f"data.root={self.root}: {line}.")

    def _read(self, path: Path, seen: list[Seen]) -> Image.Image:
        """Returns the central square of an image, upright and resized."""
        return self.fitting(self._upright(path, seen), str(path))

    def _upright(self, path: Path, seen: list[Seen]) -> Image.Image:
        """Returns a whole image, upright."""
        picture, facts = read_picture(self.root / path, mode_of(self.spec.channels), self.white)
        seen.append(facts)
        return picture

    def warn_of_broken(self, failures: dict[Path, str], of: int) -> None:
        """Logs a warning about files that cannot be read, out of ``of`` files.

        Raises:
            GenzooError: ``skip_broken`` is false.
        """
        message = f"data.root={self.root}: {describe_failures(failures, of)}"
        if not self.skip_broken:
            raise GenzooError(f"{message}. Delete them, or set data.skip_broken=true to skip them.")
        rank_zero_only(log.warning)(f"{message}. They are skipped (data.skip_broken=true).")


def all_splits(
    own: Mapping[str, Sequence[Path]], validation_fraction: float, test_fraction: float
) -> dict[str, list[Path]]:
    """Split -> its images, ordered by the hashes of their names: any part is a pseudo-random sample.

    Args:
        own: the splits of a folder, ``train`` among them.
        validation_fraction, test_fraction: fraction of its training images that become a split that it lacks; at least
            one image is left for training.
    """
    hashed = {
        split: sorted(paths, key=lambda path: hashlib.md5(path.as_posix().encode("utf-8", "replace")).digest())
        for split, paths in own.items()
    }
    train, spare = hashed["train"], max(len(hashed["train"]) - 1, 0)
    n_test = 0 if "test" in own else min(round(test_fraction * len(train)), spare)
    n_validation = 0 if "validation" in own else min(round(validation_fraction * len(train)), spare - n_test)
    n = len(train) - n_test - n_validation
    return {
        "train": train[:n],
        "validation": hashed.get("validation", train[n : n + n_validation]),
        "test": hashed.get("test", train[n + n_validation :]),
    }
